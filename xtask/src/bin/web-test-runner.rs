//! Runs `wasm-bindgen-test` suites in a browser; `cargo xtask test` names it as cargo's runner.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
