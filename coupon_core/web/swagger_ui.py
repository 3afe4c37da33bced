"""Swagger UI for the OpenAPI document, served from local files only."""

import html
from importlib import resources
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory

# Inline styles are allowed because React sets style attributes.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
ASSET_NAMES = frozenset(
    {
        "swagger-ui.css",
        "index.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "favicon-32x32.png",
    }
)
_ASSET_DIRECTORY = Path(str(resources.files("flask_swagger_ui"))) / "dist"

_PAGE_TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/index.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# The validator badge is off: it would send the URL of our document to a public host.
_START_SCRIPT = """"use strict";
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
});
"""


def create_docs_blueprint(title: str) -> Blueprint:
    """Create `/docs` and its files; the page shows the title of the app."""
    pages = Blueprint("docs", __name__, url_prefix="/docs")
    page = _PAGE_TEMPLATE.format(title=html.escape(title)).encode()

    @pages.get("")
    def show_page() -> Response:
        headers = {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Cache-Control": "no-cache",
        }
        return Response(page, headers=headers, content_type="text/html; charset=utf-8")

    @pages.get("/start.js")
    def serve_start_script() -> Response:
        return Response(_START_SCRIPT, content_type="text/javascript; charset=utf-8")

    @pages.get("/<name>")
    def serve_asset(name: str) -> Response:
        if name not in ASSET_NAMES:
            abort(404)
        return send_from_directory(_ASSET_DIRECTORY, name)

    return pages
