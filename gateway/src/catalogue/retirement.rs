//! Models that go: a warning for a month, then a refusal.

use triptych_protocol::Model;

use super::date::days_until;

/// From so many days before its end on a model is shown with a warning.
const NOTICE_DAYS: i64 = 30;

/// Its day has come.
pub(super) fn retired(model: &Model, today: &str) -> bool {
    // Dates of this form sort as text.
    model.shutdown_date.as_deref().is_some_and(|date| date <= today)
}

/// The model with a warning where it goes soon.
pub(super) fn marked(model: &Model, today: &str) -> Model {
    let mut model = model.clone();
    model.triptych.warning = warning(&model, today);
    model
}

/// What the operator should know of the models, one sentence each.
pub(super) fn notices(models: &[Model], today: &str) -> Vec<String> {
    let notice = |model: &Model| {
        let date = model.shutdown_date.as_deref()?;
        if retired(model, today) {
            return Some(format!("model `{}` is refused since {date}", model.id));
        }
        warning(model, today).map(|_| match &model.triptych.replacement {
            Some(other) => format!("model `{}` will be refused from {date} on, naming `{other}`", model.id),
            None => {
                format!("model `{}` will be refused from {date} on, and no replacement is named", model.id)
            }
        })
    };
    models.iter().filter_map(notice).collect()
}

fn warning(model: &Model, today: &str) -> Option<String> {
    let date = model.shutdown_date.as_deref()?;
    if !(1..=NOTICE_DAYS).contains(&days_until(today, date)?) {
        return None;
    }
    let name = &model.triptych.name;
    Some(match &model.triptych.replacement {
        Some(other) => format!("{name} is offered until {date}. Use `{other}` from then on."),
        None => format!("{name} is offered until {date}."),
    })
}
