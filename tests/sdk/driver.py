"""The openai package for Python at the other end of a pipe: a call on each line of stdin, its outcome on stdout.

The package is used as everybody uses it; nothing of it is replaced.
"""

import base64
import json
import sys
import warnings

import openai

# The calls for videos are marked as deprecated by the provider, not by us.
warnings.simplefilter("ignore", DeprecationWarning)


def plain(value):
    return value.to_dict() if hasattr(value, "to_dict") else value


def data(value):
    return {"bytes": len(value), "head": base64.b64encode(value[:16]).decode()}


def upload(value):
    """A file of a call: `{"name", "base64", "type"}` as the package takes it."""
    if isinstance(value, list):
        return [upload(item) for item in value]
    return (value["name"], base64.b64decode(value["base64"]), value["type"])


def read_chat(stream):
    seen = {"text": "", "finish_reason": None, "usage": None, "chunks": 0}
    for chunk in stream:
        seen["chunks"] += 1
        for choice in chunk.choices:
            seen["text"] += choice.delta.content or ""
            seen["finish_reason"] = choice.finish_reason or seen["finish_reason"]
        if chunk.usage:
            seen["usage"] = plain(chunk.usage)
    return seen


def stream_raw(client, args, **options):
    with client.chat.completions.with_streaming_response.create(stream=True, **args, **options) as response:
        lines = [line for line in response.iter_lines() if line.startswith("data: ")]
        return {"status": response.status_code, "type": response.headers["content-type"], "lines": len(lines), "last": lines[-1]}


def content_raw(client, args, **options):
    with client.videos.with_streaming_response.download_content(args["id"], **options) as response:
        body = b"".join(response.iter_bytes())
        return {"status": response.status_code, "type": response.headers["content-type"], **data(body)}


def speech_raw(client, args, **options):
    with client.audio.speech.with_streaming_response.create(**args, **options) as response:
        return {"status": response.status_code, "type": response.headers["content-type"], **data(response.read())}


def create_and_poll(client, args, **options):
    return plain(client.videos.create_and_poll(**args, **options))


def read_images(stream):
    return [event.type for event in stream]


def read_responses(stream):
    seen = {"text": "", "types": [], "response": None}
    for event in stream:
        if event.type not in seen["types"]:
            seen["types"].append(event.type)
        if event.type == "response.output_text.delta":
            seen["text"] += event.delta
        if event.type == "response.completed":
            seen["response"] = plain(event.response)
    return seen


CALLS = {
    "chat": lambda client, args, **o: plain(client.chat.completions.create(**args, **o)),
    "chat_stream": lambda client, args, **o: read_chat(client.chat.completions.create(stream=True, **args, **o)),
    "chat_stream_raw": stream_raw,
    "responses": lambda client, args, **o: plain(client.responses.create(**args, **o)),
    "responses_stream": lambda client, args, **o: read_responses(client.responses.create(stream=True, **args, **o)),
    "image": lambda client, args, **o: plain(client.images.generate(**args, **o)),
    "image_stream": lambda client, args, **o: read_images(client.images.generate(stream=True, **args, **o)),
    "edit": lambda client, args, **o: plain(client.images.edit(**{**args, "image": upload(args["image"])}, **o)),
    "video": lambda client, args, **o: plain(client.videos.create(**args, **o)),
    "video_and_poll": create_and_poll,
    "video_retrieve": lambda client, args, **o: plain(client.videos.retrieve(args["id"], **o)),
    "video_remix": lambda client, args, **o: plain(client.videos.remix(args["id"], prompt=args["prompt"], **o)),
    "video_list": lambda client, args, **o: [video.id for video in client.videos.list(**args, **o)],
    "video_content": lambda client, args, **o: data(client.videos.download_content(args["id"], **o).read()),
    "video_content_raw": content_raw,
    "video_delete": lambda client, args, **o: plain(client.videos.delete(args["id"], **o)),
    "speech": lambda client, args, **o: data(client.audio.speech.create(**args, **o).read()),
    "speech_raw": speech_raw,
    "transcription": lambda client, args, **o: plain(
        client.audio.transcriptions.create(**{**args, "file": upload(args["file"])}, **o)
    ),
    "models": lambda client, args, **o: [model.id for model in client.models.list(**o)],
}


def error(raised):
    detail = raised.body if isinstance(getattr(raised, "body", None), dict) else {}
    return {
        "class": type(raised).__name__,
        "classes": [base.__name__ for base in type(raised).__mro__],
        "status": getattr(raised, "status_code", None),
        "code": getattr(raised, "code", None),
        "param": getattr(raised, "param", None),
        "message": getattr(raised, "message", None) or str(raised),
        "request_id": getattr(raised, "request_id", None),
        "body": detail,
    }


def main():
    for line in sys.stdin:
        order = json.loads(line)
        options = {"base_url": order["base_url"], "api_key": order["key"], "max_retries": order["retries"]}
        try:
            with openai.OpenAI(**options) as client:
                value = CALLS[order["call"]](client, order["args"], extra_headers=order["headers"])
            answer = {"id": order["id"], "value": value}
        except Exception as raised:
            answer = {"id": order["id"], "error": error(raised)}
        print(json.dumps(answer), flush=True)


main()
