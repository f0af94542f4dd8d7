//! The wire of pictures and clips as it is written down; see `golden.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use shared::*;
use triptych_protocol::*;

mod shared;

#[test]
fn images_keep_their_shape() {
    golden(
        "image_request",
        ImageRequest {
            model: "gpt-image-1.5".into(),
            prompt: "A fox".into(),
            n: Some(2),
            size: Some("1024x1024".into()),
            response_format: Some("url".into()),
            ..ImageRequest::default()
        },
    );
    golden(
        "image_response",
        ImageResponse {
            created: 1_790_000_000,
            data: vec![ImageData {
                url: Some("/v1/assets/asset_1?expires=1790003600&signature=abc".into()),
                asset: Some("asset_1".into()),
                b64_json: None,
            }],
            size: Some("1024x1024".into()),
            usage: None,
            triptych: Some(extra()),
        },
    );
}

#[test]
fn videos_keep_their_shape() {
    golden(
        "video_request",
        VideoRequest {
            model: "sora-2".into(),
            prompt: "A fox runs".into(),
            duration: Some(8),
            resolution: Some("720p".into()),
            aspect_ratio: Some("16:9".into()),
            ..VideoRequest::default()
        },
    );
    let cost = VideoCost { estimated: Credits::from_whole(32), charged: None };
    golden(
        "video",
        Video {
            id: "video_1".into(),
            object: "video".into(),
            model: "sora-2".into(),
            status: VideoStatus::InProgress,
            progress: 40,
            created_at: 1_790_000_000,
            completed_at: None,
            expires_at: None,
            prompt: "A fox runs".into(),
            remixed_from_video_id: None,
            seconds: "8".into(),
            size: "1280x720".into(),
            resolution: Some("720p".into()),
            aspect_ratio: Some("16:9".into()),
            error: None,
            cost: Some(cost),
            queue_position: None,
            estimate: None,
            url: None,
        },
    );
    golden(
        "video_deleted",
        VideoDeleted { id: "video_1".into(), object: "video.deleted".into(), deleted: true },
    );
    golden(
        "generation_request",
        GenerationRequest {
            model: "sora-2".into(),
            prompt: "A fox runs".into(),
            duration: Some(10),
            resolution: Some("720p".into()),
            aspect_ratio: None,
        },
    );
    golden(
        "generation",
        Generation {
            job_id: "video_1".into(),
            id: "video_1".into(),
            status: VideoStatus::Failed,
            progress: 0,
            video_url: None,
            error: Some(VideoError { code: "moderation".into(), message: "The prompt was refused.".into() }),
            cost: Some(VideoCost { estimated: Credits::from_whole(40), charged: Some(Credits::ZERO) }),
            queue_position: None,
        },
    );
}
