"""A server of the OpenAI kind on loopback, around a real model, that can be made to misbehave.

It speaks /v1/completions and /v1/chat/completions as far as lm-eval asks: prompt or messages,
max_tokens, temperature, stop, seed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch

Fault = Callable[[int], str | None]  # number of the request -> a status, "timeout", "restart", None
DOWN = 1.5  # seconds of a restart


class ModelServer:
    """Serves a model folder; `fault` says what goes wrong with which request."""

    def __init__(self, folder: Path, fault: Fault = lambda number: None) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
        self.fault = fault
        self.requests = 0
        self.answered: list[dict[str, Any]] = []  # the requests that were answered
        self._lock = threading.Lock()
        self._greedy: dict[tuple[str, int], str] = {}  # what was said before is said at once
        self._going = threading.Event()
        self._restart: threading.Thread | None = None
        self._port = 0
        self._http: ThreadingHTTPServer | None = None

    def start(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.handle(self)

            def log_message(self, *arguments: object) -> None: ...

        class Http(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = False  # closing waits for the requests that are being answered

        self._going.clear()
        self._http = Http(("127.0.0.1", self._port), Handler)
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._restart:
            self._restart.join()
        self._close()

    def _close(self) -> None:
        if self._http:
            self._going.set()
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def _come_back(self) -> None:
        """Go away, and come back on the same port after a while."""
        self._close()
        time.sleep(DOWN)
        self.start()

    def url(self, chat: bool = False) -> str:
        return f"http://127.0.0.1:{self._port}/v1/{'chat/' if chat else ''}completions"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.requests += 1
            fault = self.fault(self.requests)
        body = json.loads(request.rfile.read(int(request.headers["content-length"])))
        if fault == "timeout":
            self._going.wait()
        if fault == "restart":  # it dies on this request
            self._restart = threading.Thread(target=self._come_back)
            self._restart.start()
            return
        if fault is not None:
            self._reply(request, 500 if fault == "timeout" else int(fault), {"error": fault})
            return
        is_chat = request.path.endswith("chat/completions")
        with self._lock:
            text = self._complete(body, is_chat)
            self.answered.append(body)
        message = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
        self._reply(request, 200, {"choices": [{"index": 0, **message}]})

    def _reply(self, request: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
        try:
            data = json.dumps(body).encode()
            request.send_response(status)
            request.send_header("content-type", "application/json")
            request.send_header("content-length", str(len(data)))
            request.end_headers()
            request.wfile.write(data)
        except OSError:
            pass  # the client gave up waiting

    def _complete(self, body: dict[str, Any], is_chat: bool) -> str:
        prompt = body["messages"][-1]["content"] if is_chat else body["prompt"]
        if isinstance(prompt, list):
            prompt = prompt[0]
        key = str(prompt), body["max_tokens"]
        if not body["temperature"] and key in self._greedy:
            return self._greedy[key]
        ids = self.tokenizer(prompt)["input_ids"] if isinstance(prompt, str) else prompt
        torch.manual_seed(body["seed"])
        warm = {"do_sample": True, "temperature": body["temperature"]}
        with torch.inference_mode():
            out = self.model.generate(
                torch.tensor([ids]),
                max_new_tokens=body["max_tokens"],
                **(warm if body["temperature"] else {"do_sample": False}),
            )
        text = str(self.tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True))
        for stop in body["stop"] or ():
            text = text.partition(stop)[0]
        if not body["temperature"]:
            self._greedy[key] = text
        return text
