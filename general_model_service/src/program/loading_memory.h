// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Memory that only loading needs. Called by the program when its bundles are loaded, and when one
// has been replaced.

#pragma once

namespace tensor_service {

// Gives back what compiling took and freed, and the pages of code that ran so far: of OpenVINO's
// libraries most is for reading and compiling graphs. Code that runs again is read again, from the
// page cache as a rule. Of two small bundles it is 38 MB.
void give_back_loading_memory();

}  // namespace tensor_service
