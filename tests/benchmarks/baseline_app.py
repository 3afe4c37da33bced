"""The baseline: a Flask app with one route and a token checked by PyJWT."""

import os

import jwt
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
SECRET = os.environ["BENCH_HELLO_SECRET"]
# As long as the coupon in the answer to a redeem.
RESPONSE_BODY = {
    "message": "hello",
    "id": "770e8400-e29b-41d4-a716-446655440002",
    "list": [f"a line of some length, number {number}" for number in range(14)],
}


@app.get("/hello")
def hello() -> Response | tuple[Response, int]:
    """Greet the holder of a valid token."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        return jsonify(error="Invalid token"), 401
    return jsonify(RESPONSE_BODY | {"user": claims["sub"]})
