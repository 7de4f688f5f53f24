#!/usr/bin/env python3
"""A device that reports to Milepost in the binary form, with nothing but Python 3.

    report.py http://127.0.0.1:8080 IMEI SECRET signal=value ...

A signal is its number in the vocabulary (docs/signals.md); a value is in the signal's stored steps: 7=5010 is 50.1 km/h.
The formats are docs/formats/device-frame.md and report.md. Prints what the server answers.
"""
import json
import sys
import time
import urllib.request


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def zigzag(value):
    return varint(value * 2 if value >= 0 else -value * 2 - 1)


def report(time_ms, values):
    """One sample: every column has width 0, so its base is its only value."""
    out = bytes([1, 0, 1]) + varint(time_ms) + zigzag(0) + bytes([0]) + zigzag(0) + varint(len(values))
    before = 0
    for number in sorted(values):
        out += varint(number - before) + bytes([0]) + zigzag(values[number])
        before = number
    return out


def frame(boot, seq, body):
    return bytes([1]) + varint(boot) + varint(seq) + body


def post(url, content_type, body, token=None):
    headers = {"Content-Type": content_type}
    if token:
        headers["Authorization"] = "Bearer " + token
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        return json.load(answer)


def main(server, imei, secret, *pairs):
    values = {int(number): int(value) for number, value in (pair.split("=") for pair in pairs)}
    login = json.dumps({"imei": imei, "secret": secret}).encode()
    token = post(server + "/v1/devices/login", "application/json", login)["token"]
    # A real device counts seq on, keeps each report until its seq is acknowledged, and sends it again after a failure.
    now = time.time()
    body = frame(int(now), 1, report(int(now * 1000), values))
    print(json.dumps(post(server + "/v1/telemetry", "application/vnd.milepost.report", body, token)))


if __name__ == "__main__":
    main(*sys.argv[1:])
