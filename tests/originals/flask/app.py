"""The Flask sample: four endpoints, counted and timed with prometheus_client.

Run by gunicorn with one worker, because prometheus_client's registry belongs to one process.
"""

import os
import random
import time

from flask import Flask, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

GREETING = os.environ.get("GREETING", "hello")
READINESS_DELAY_SEC = float(os.environ.get("READINESS_DELAY_SEC", "10"))
FAIL_RATE = float(os.environ.get("FAIL_RATE", "0.02"))
STARTED = time.monotonic()

REQUESTS = Counter("http_requests_total", "HTTP requests", ["method", "endpoint", "code"])
DURATION = Histogram("http_request_duration_seconds", "HTTP request duration in seconds", ["endpoint", "method"])

app = Flask(__name__)


@app.before_request
def start_the_clock():
    g.started = time.perf_counter()


@app.after_request
def observe(response):
    REQUESTS.labels(request.method, request.path, response.status_code).inc()
    DURATION.labels(request.path, request.method).observe(time.perf_counter() - g.started)
    return response


@app.get("/healthz")
def healthz():
    return "ok"


@app.get("/readyz")
def readyz():
    if time.monotonic() - STARTED < READINESS_DELAY_SEC:
        return "not ready", 503
    return "ready"


@app.get("/work")
def work():
    time.sleep(random.uniform(0.05, 0.2))
    if random.random() < FAIL_RATE:
        return jsonify(ok=False), 500
    return jsonify(ok=True, greeting=GREETING)


@app.get("/metrics")
def metrics():
    return generate_latest(), {"Content-Type": CONTENT_TYPE_LATEST}
