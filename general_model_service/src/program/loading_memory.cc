// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/loading_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace tensor_service {
namespace {

// Whether the loader has written into the code itself, which no file has.
bool has_changed_code(const dl_phdr_info& object) {
  for (std::size_t i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object.dlpi_phdr[i];
    if (part.p_type != PT_DYNAMIC) {
      continue;
    }
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + part.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_TEXTREL ||
          (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0)) {
        return true;
      }
    }
  }
  return false;
}

// Only pages that are executable and not writable: what a library's other pages hold is in no file.
int give_back_code(dl_phdr_info* object, std::size_t, void*) {
  if (has_changed_code(*object)) {
    return 0;
  }
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0 || (part.p_flags & PF_W) != 0) {
      continue;
    }
    const std::uintptr_t from = (object->dlpi_addr + part.p_vaddr + page - 1) / page * page;
    const std::uintptr_t to = (object->dlpi_addr + part.p_vaddr + part.p_filesz) / page * page;
    if (from < to) {
      // a refusal, as for the kernel's own page of code, leaves things as they were
      static_cast<void>(::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED));
    }
  }
  return 0;
}

}  // namespace

void give_back_loading_memory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(give_back_code, nullptr);
}

}  // namespace tensor_service
