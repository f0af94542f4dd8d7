use crate::tools::Tool;

/// How many functions of one conversation are let through without a question.
const MOST: usize = 64;

/// The user's word that a function needs no question for the rest of a conversation. It is about what the page said of
/// the function then: another one of the same name is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The function's name.
    pub name: String,
    /// Its print.
    pub print: String,
}

impl Trust {
    /// True where it is about this function.
    pub fn covers(&self, tool: &Tool) -> bool {
        self.name == tool.name && self.print == tool.print
    }

    pub(crate) fn add(list: &mut Vec<Trust>, tool: &Tool) {
        list.retain(|trust| trust.name != tool.name);
        if list.len() < MOST {
            list.push(Trust { name: tool.name.clone(), print: tool.print.clone() });
        }
    }
}
