/// A few values by their number. A sorted list is a tenth of a hash map's code, and new numbers come at its end.
pub(super) struct Table<K, V>(Vec<(K, V)>);

impl<K: Copy + Ord, V> Table<K, V> {
    pub(super) fn get(&self, key: K) -> Option<&V> {
        self.place(key).ok().and_then(|place| self.0.get(place)).map(|(_, value)| value)
    }

    /// Puts a value in, in the place of one of the same number.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.place(key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    pub(super) fn retain(&mut self, keep: impl Fn(K) -> bool) {
        self.0.retain(|(key, _)| keep(*key));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn place(&self, key: K) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |(key, _)| *key)
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found_whatever_its_order() {
        let mut table = Table::default();
        for number in [3, 1, 2, 3] {
            table.insert(number, number * 10);
        }
        table.retain(|number| number != 1);
        assert_eq!([1, 2, 3].map(|number| table.get(number).copied()), [None, Some(20), Some(30)]);
    }
}
