// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// tensor_service_bench engine|load: one measurement, one JSON line on stdout.
// benchmarks/tensor_service.py runs it many times, engine and service in turn.

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>

#include "engine_bench.h"
#include "load_bench.h"

int main(int argc, char** argv) {
  using namespace tensor_service::bench;
  CLI::App app("Measures the engine in process, or a running service.", "tensor_service_bench");
  app.require_subcommand(1);
  Workload workload;
  EngineRun engine;
  LoadRun load;
  std::string precision = "fp32";

  CLI::App* engine_command = app.add_subcommand("engine", "the engine alone");
  engine_command->add_option("--model", engine.model, ".pdmodel, .onnx or .xml")->required();
  engine_command->add_option("--streams", engine.streams);
  engine_command->add_option("--math_threads", engine.engine.threads);
  engine_command->add_option("--precision", precision)->check(CLI::IsMember({"fp32", "bf16"}));
  engine_command->add_option("--seconds", engine.seconds);

  CLI::App* load_command = app.add_subcommand("load", "requests to a service on 127.0.0.1");
  load_command->add_option("--port", load.port)->required();
  load_command->add_option("--protocol", load.protocol, "proto, json or baidu_std");
  load_command->add_option("--connections", load.connections);
  load_command->add_option("--rate", load.rate,
                           "requests a second at random times; 0: closed loop");
  load_command->add_option("--seconds", load.seconds);
  load_command->add_option("--requests", load.requests, "stop after as many");

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
    Summary summary =
        engine_command->parsed() ? run_engine(engine, workload) : run_load(load, workload);
    summary.print();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tensor_service_bench: error: %s\n", error.what());
    return 2;
  }
  return 0;
}
