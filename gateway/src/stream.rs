//! Streamed answers. A detached pump reads the provider and does the accounts; browsers read what it has written
//! down, so one that hangs up can come back, and one that is slow holds nobody up.

mod chunk;
mod log;
mod meter;
mod pace;
mod pump;
mod reading;
mod registry;
mod shared;
mod unwritten;

pub(crate) use log::{NoPlace, Place, StreamLog};
pub(crate) use meter::{Meter, prompt_tokens, usage_of};
pub(crate) use pump::Pump;
pub(crate) use reading::{body, events_gone};
pub(crate) use registry::{Streams, Writer};
