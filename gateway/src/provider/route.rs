use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use triptych_protocol::{ErrorCode, Modality, Model};

use super::adapter::Ability;
use super::failure::UpstreamError;
use super::{Provider, Providers};
use crate::config::ModelPattern;
use crate::error::Error;
use crate::trace;

/// The providers that a call may go to, the first choice first. It holds one at least.
#[derive(Clone)]
pub(crate) struct Plan(Vec<Arc<Provider>>);

impl Providers {
    /// Where calls of a model go: the route that names it; else the providers whose `models` name it, in the order of
    /// the configuration; else the first one that serves its modality.
    ///
    /// # Errors
    /// `unavailable` where no provider is configured for it, `invalid_request` where those that are do not offer the
    /// call.
    pub(crate) fn plan(&self, model: &Model, ability: Ability) -> Result<Plan, Error> {
        let modality = model.triptych.modality;
        let mut plan = self.candidates(&model.id, modality);
        if plan.is_empty() && modality == Modality::Audio {
            // Speech goes through chat completions; a provider of its own for it comes first.
            plan = self.candidates(&model.id, Modality::Chat);
        }
        if plan.is_empty() {
            let message = "No provider is configured for this kind of call.";
            return Err(Error::new(ErrorCode::Unavailable, message));
        }
        plan.retain(|provider| provider.can(ability));
        if plan.is_empty() {
            return Err(Error::invalid("model", format!("`{}` is not offered for this call.", model.id)));
        }
        plan.retain(|provider| !provider.is_off());
        if plan.is_empty() {
            let message = "What this call needs is switched off. Try again later.";
            return Err(Error::new(ErrorCode::Unavailable, message).final_answer());
        }
        Ok(Plan(plan))
    }

    fn candidates(&self, model: &str, modality: Modality) -> Vec<Arc<Provider>> {
        let serving = || self.all.iter().filter(|provider| provider.config().serves.contains(&modality));
        let route = self.routes.iter().filter(|route| route.model.matches(model));
        if let Some(route) = route.max_by_key(|route| route.model.weight()) {
            let named = route.providers.iter();
            return named.filter_map(|id| serving().find(|found| found.id() == id).cloned()).collect();
        }
        let naming: Vec<_> = serving()
            .filter(|provider| provider.config().models.iter().any(|pattern| pattern.matches(model)))
            .cloned()
            .collect();
        if !naming.is_empty() {
            return naming;
        }
        serving().find(|provider| provider.config().models.is_empty()).cloned().into_iter().collect()
    }
}

impl Plan {
    /// The provider of the first choice.
    pub(crate) fn first(&self) -> Option<&Arc<Provider>> {
        self.0.first()
    }

    /// The ids of all of them.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.0.iter().map(|provider| provider.id().to_owned()).collect()
    }

    /// Calls one provider after the other until one takes the call or says something about the call itself. A call
    /// goes on to the next provider only where this one has certainly done nothing for it.
    pub(crate) async fn call<'a, T>(
        &'a self,
        (operation, model): (&'static str, &str),
        call: impl Fn(&'a Provider) -> BoxFuture<'a, Result<T, UpstreamError>>,
    ) -> Result<(Arc<Provider>, T), UpstreamError> {
        let mut worst = UpstreamError::Connect;
        for (index, provider) in self.0.iter().enumerate() {
            let span = trace::upstream(operation, Some(model), provider.config());
            let outcome = span.run(provider.guarded(call(provider))).await;
            span.heard(outcome.as_ref().err());
            span.end();
            match outcome {
                Ok(answer) => return Ok((provider.clone(), answer)),
                Err(error) if error.may_go_elsewhere() => {
                    let left = self.0.len() - index - 1;
                    if left > 0 {
                        tracing::warn!(provider = provider.id(), %error, left, "a call goes on to the next provider");
                    }
                    // The first choice knows best why nothing was to be had.
                    if index == 0 || matches!(worst, UpstreamError::Unsupported(_)) {
                        worst = error;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(worst)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|provider| provider.id())).finish()
    }
}

impl ModelPattern {
    /// True for exactly that id, or for any that begins with what stands before a `*`.
    pub(crate) fn matches(&self, model: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => model.starts_with(prefix),
            None => model == self.0,
        }
    }

    /// The more a pattern says, the more it weighs; an exact id weighs most.
    fn weight(&self) -> usize {
        if self.0.ends_with('*') { self.0.len() } else { usize::MAX }
    }
}
