#![allow(clippy::unwrap_used)]

use sqlx::Row;

use crate::store::testing::places;
use crate::store::{Durability, Statement, Store};

const INSERT: &str = "INSERT INTO revoked_token (jti, expires_at) VALUES ($1, $2)";

/// In one of the ways that there are to write.
async fn insert(store: &Store, key: i64, commit: bool) {
    let statement = || Statement::new(INSERT).bind(format!("t{key}")).bind(key);
    let tx = match key % 4 {
        0 if commit => return drop(store.write_once(statement(), Durability::Disk).await.unwrap()),
        1 => store.write_with(statement()).await.unwrap().0,
        _ => {
            let mut tx = store.write().await.unwrap();
            statement().run(&mut tx, "", "").await.unwrap();
            tx
        }
    };
    if commit {
        tx.commit().await.unwrap();
    }
}

async fn count(store: &Store) -> i64 {
    let row = sqlx::query("SELECT COUNT(*) FROM revoked_token").fetch_one(store.read()).await.unwrap();
    row.get(0)
}

#[tokio::test]
async fn of_many_at_once_those_that_commit_are_there_and_no_others() {
    for place in places().await {
        let store = place.open().await;
        let tasks: Vec<_> = (0..200)
            .map(|key| {
                let store = store.clone();
                tokio::spawn(async move { insert(&store, key, key % 3 != 0).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(count(&store).await, 133);
        store.close().await;
        assert_eq!(count(&place.open().await).await, 133);
    }
}

#[tokio::test]
async fn a_statement_that_fails_undoes_its_own_transaction_and_no_other() {
    for place in places().await {
        let store = place.open().await;
        let tasks: Vec<_> = (0..60)
            .map(|key| {
                let store = store.clone();
                tokio::spawn(async move {
                    // Only the first of each six has a name of its own.
                    let shared = format!("shared{}", key / 6);
                    if key % 2 == 0 {
                        let both = "INSERT INTO revoked_token (jti, expires_at) VALUES ($1, 1), ($2, 1)";
                        let both = Statement::new(both).bind(format!("own{key}")).bind(shared);
                        return drop(store.write_once(both, Durability::System).await);
                    }
                    let own = Statement::new(INSERT).bind(format!("own{key}")).bind(1_i64);
                    let (mut tx, _) = store.write_with(own).await.unwrap();
                    let shared = Statement::new(INSERT).bind(shared).bind(1_i64);
                    if shared.run(&mut tx, "", "").await.is_ok() {
                        tx.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(count(&store).await, 20);
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_the_writer_to_the_next() {
    for place in places().await {
        let store = place.open().await;
        for key in 0..50 {
            let task = tokio::spawn({
                let store = store.clone();
                async move { insert(&store, key, true).await }
            });
            for _ in 0..key {
                tokio::task::yield_now().await;
            }
            task.abort();
        }
        insert(&store, 1000, true).await;
        assert!(count(&store).await >= 1);
    }
}
