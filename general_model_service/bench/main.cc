// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// tensor_service_bench engine|load|texts: one measurement, one JSON line on stdout.
// benchmarks/tensor_service.py runs it many times, engine and service in turn.

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>

#include "engine_bench.h"
#include "load_bench.h"
#include "texts_bench.h"

int main(int argc, char** argv) {
  using namespace tensor_service::bench;
  CLI::App app("Measures the engine or the encoder in process, or a running service.",
               "tensor_service_bench");
  app.require_subcommand(1);
  Workload workload;
  EngineRun engine;
  LoadRun load;
  TextsRun texts;
  std::string precision = "fp32";

  CLI::App* engine_command = app.add_subcommand("engine", "the engine alone");
  engine_command->add_option("--model", engine.model, ".pdmodel, .onnx or .xml")->required();
  engine_command->add_option("--streams", engine.streams);
  engine_command->add_option("--math_threads", engine.engine.threads);
  engine_command->add_option("--precision", precision)->check(CLI::IsMember({"fp32", "bf16"}));
  engine_command->add_option("--seconds", engine.seconds);

  CLI::App* load_command = app.add_subcommand("load", "requests to a service on 127.0.0.1");
  load_command->add_option("--port", load.port)->required();
  load_command->add_option("--protocol", load.protocol, "proto, json, baidu_std or rerank");
  load_command->add_flag("--mixed", load.mixed,
                         "requests of 1 to --rows rows of 8 to --tokens tokens");
  load_command->add_option("--connections", load.connections);
  load_command->add_option("--rate", load.rate,
                           "requests a second at random times; 0: closed loop");
  load_command->add_option("--seconds", load.seconds);
  load_command->add_option("--requests", load.requests, "stop after as many");

  CLI::App* texts_command = app.add_subcommand("texts", "pairs of texts to rows of tokens");
  texts_command->add_option("--tokenizer", texts.tokenizer, "a tokenizer directory")->required();
  texts_command->add_option("--pairs", texts.pairs, "a file of lines query, tab, title")
      ->required();
  texts_command->add_option("--truncation", texts.truncation);
  texts_command->add_option("--normalization", texts.normalization);
  texts_command->add_option("--max_seq_length", texts.max_seq_length);
  texts_command->add_option("--seconds", texts.seconds);

  for (CLI::App* command : {engine_command, load_command}) {
    command->add_option("--rows", workload.rows);
    command->add_option("--tokens", workload.tokens);
    command->add_option("--vocabulary", workload.vocabulary);
  }
  CLI11_PARSE(app, argc, argv);
  try {
    if (precision == "bf16") {
      engine.engine.precision = tensor_service::Precision::kBf16;
    }
    Summary summary = engine_command->parsed()  ? run_engine(engine, workload)
                      : texts_command->parsed() ? run_texts(texts)
                                                : run_load(load, workload);
    summary.print();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tensor_service_bench: error: %s\n", error.what());
    return 2;
  }
  return 0;
}
