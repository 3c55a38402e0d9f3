"""The page on which people sign in: plain HTML, so that it needs nothing that is behind the sign-in."""

from __future__ import annotations

from frontend_gradio.views.header import MARK


def sign_in_page(places: str, static_path: str) -> str:
    """The whole document. `places`: the <script> that says where the API is."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · HIAST Studio</title>
{places}
<link rel="stylesheet" href="{static_path}/studio.css">
<link rel="stylesheet" href="{static_path}/sign_in.css">
<script type="module" src="{static_path}/chrome.js"></script>
<script type="module" src="{static_path}/sign_in.js"></script>
</head>
<body class="si">
<main>
<p class="si-brand">{MARK}HIAST Studio</p>
<form id="sign-in" method="post" aria-labelledby="si-title">
<h1 id="si-title">Sign in</h1>
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false"
 maxlength="80" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<p id="si-message" role="alert"></p>
<button type="submit">Sign in</button>
</form>
<p class="si-note">No account? An admin makes one under Settings.</p>
<noscript><p class="si-note">Signing in needs JavaScript, as the pages do.</p></noscript>
</main>
</body>
</html>
"""
