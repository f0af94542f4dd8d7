//! LiteLLM's proxy, for comparison.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::children::{Child, Children};
use crate::{python, tree};

pub(super) const KEY: &str = "sk-bench";
const START_LIMIT: Duration = Duration::from_secs(180);

/// The program, in a virtual environment of its own.
pub(super) fn installed() -> Result<PathBuf> {
    let requirements = tree::root().join("bench/gateway/requirements.txt");
    let python = python::with_packages(&requirements, &tree::target().join("bench"))?;
    Ok(python.with_file_name("litellm"))
}

/// Starts one worker of it with two models, each at a provider of its own; gives its address.
pub(super) fn start(
    children: &mut Children,
    program: &Path,
    folder: &Path,
    port: u16,
    provider: &str,
    name: &'static str,
) -> Result<String> {
    let config = folder.join(format!("{name}.yaml"));
    fs::write(
        &config,
        format!(
            "model_list:\n  - model_name: gpt-5.4\n    litellm_params:\n      model: openai/gpt-5.4\n      \
             api_base: {provider}/v1\n      api_key: none\ngeneral_settings:\n  master_key: {KEY}\n"
        ),
    )?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&config).args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--num_workers", "1", "--telemetry", "False"]);
    // Its price list is otherwise fetched from the network at each start.
    command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_LOG", "ERROR");
    let child = Child::start(name, &mut command, &folder.join(format!("{name}.log")))?;
    children.add(child).wait_until(START_LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    Ok(format!("http://127.0.0.1:{port}"))
}
