//! Parts of an element that come and go.

use std::cell::RefCell;

use reactive_graph::graph::untrack;
use reactive_graph::owner::Owner;
use web_sys::{Element, Node};

use super::{El, View, follow, group, text};

/// What lies between two empty texts.
#[derive(Clone)]
struct Region {
    start: Node,
    end: Node,
}

/// An element of a list, not made yet.
pub(in crate::view) struct Item {
    key: String,
    build: Box<dyn FnOnce() -> El>,
}

/// An element of a list that is on the page.
struct Kept {
    key: String,
    element: Element,
    owner: Owner,
}

/// What `build` makes, while `on` holds.
pub(in crate::view) fn when<V: Into<View>>(
    on: impl Fn() -> bool + 'static,
    build: impl Fn() -> V + 'static,
) -> View {
    when_boxed(Box::new(on), Box::new(move || build().into()))
}

/// What `build` makes, made anew whenever a signal that it has read has changed.
pub(in crate::view) fn dynamic<V: Into<View>>(build: impl Fn() -> V + 'static) -> View {
    dynamic_boxed(Box::new(move || build().into()))
}

/// One element for each item. Those whose key was there before stay as they are, wherever they are now.
pub(in crate::view) fn each(items: impl Fn() -> Vec<Item> + 'static) -> View {
    each_boxed(Box::new(items))
}

/// An item of a list, with a key that no other one of it has.
pub(in crate::view) fn item(key: impl Into<String>, build: impl FnOnce() -> El + 'static) -> Item {
    Item { key: key.into(), build: Box::new(build) }
}

fn when_boxed(on: Box<dyn Fn() -> bool>, build: Box<dyn Fn() -> View>) -> View {
    let (view, region) = Region::new();
    let owner = Owner::new();
    let mut shown = false;
    follow(move || {
        let on = on();
        if on != shown {
            shown = on;
            owner.cleanup();
            region.clear();
            if on {
                region.fill(owner.with(|| untrack(&build)));
            }
        }
    });
    view
}

fn dynamic_boxed(build: Box<dyn Fn() -> View>) -> View {
    let (view, region) = Region::new();
    // The effect owns what it makes, and lets go of it before it runs again.
    follow(move || {
        let made = build();
        region.clear();
        region.fill(made);
    });
    view
}

fn each_boxed(items: Box<dyn Fn() -> Vec<Item>>) -> View {
    let (view, region) = Region::new();
    let parent = Owner::new();
    let kept = RefCell::new(Vec::<Kept>::new());
    follow(move || {
        let items = items();
        let mut before: Vec<Option<Kept>> = kept.take().into_iter().map(Some).collect();
        // Most lists grow at their end: the search begins where the last one ended.
        let mut next = 0;
        let found: Vec<Option<Kept>> = items
            .iter()
            .map(|item| {
                let is = |at: &usize| {
                    before.get(*at).and_then(Option::as_ref).is_some_and(|kept| kept.key == item.key)
                };
                let at = Some(next).filter(is).or_else(|| (0..before.len()).find(is))?;
                next = at + 1;
                before.get_mut(at)?.take()
            })
            .collect();
        for old in before.into_iter().flatten() {
            old.owner.cleanup();
            old.element.remove();
        }
        let mut cursor = region.start.next_sibling();
        let now = items.into_iter().zip(found).map(|(item, found)| {
            let kept = found.unwrap_or_else(|| {
                let owner = parent.child();
                let made = owner.with(|| untrack(item.build));
                Kept { key: item.key, element: made.element().clone(), owner }
            });
            let node: &Node = &kept.element;
            if cursor.as_ref() == Some(node) {
                cursor = node.next_sibling();
            } else {
                region.insert(node, cursor.as_ref());
            }
            kept
        });
        *kept.borrow_mut() = now.collect();
    });
    view
}

impl Region {
    fn new() -> (View, Region) {
        let (start, end) = (text(""), text(""));
        let region = Region { start: start.0.clone(), end: end.0.clone() };
        (group([start, end]), region)
    }

    /// Takes everything off.
    fn clear(&self) {
        while let Some(node) = self.start.next_sibling().filter(|node| *node != self.end) {
            if node.parent_node().and_then(|parent| parent.remove_child(&node).ok()).is_none() {
                return;
            }
        }
    }

    fn fill(&self, view: View) {
        self.insert(&view.0, None);
    }

    /// Puts a node before another one, or at the end.
    fn insert(&self, node: &Node, before: Option<&Node>) {
        let before = before.unwrap_or(&self.end);
        if let Some(parent) = before.parent_node() {
            let _ = parent.insert_before(node, Some(before));
        }
    }
}
