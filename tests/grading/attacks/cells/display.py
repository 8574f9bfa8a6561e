# %% attack: displayed_script
# group: markup that runs for the grader
# tries: HTML output with a script, a handler and a frame, for the grader's browser.
# flag: markup that a browser would run
from IPython.display import HTML, Javascript, display

display(HTML("<script>window.attacked = 'html'</script><img src=x onerror=\"window.attacked = 'img'\">"))
display(HTML("<iframe srcdoc=\"<script>parent.attacked = 'frame'</script>\"></iframe><svg onload=\"window.attacked=1\">"))
display(Javascript("window.attacked = 'javascript'"))

# %% attack: displayed_everything
# group: markup that runs for the grader
# tries: Output of every kind that a notebook page may run, and pictures from elsewhere.
# flag: markup that a browser would run
from IPython.display import display

display({
    "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><script>window.attacked = 'svg'</script></svg>",
    "text/plain": "svg",
}, raw=True)
display({"text/html": "<b>isolated</b><script>top.attacked = 1</script>"}, raw=True, metadata={"text/html": {"isolated": True}})
display({"text/markdown": "[x](javascript:window.attacked='link') <img src='http://127.0.0.1:CANARY_PORT/pixel.png'>"}, raw=True)
display({"text/latex": r"$\href{javascript:window.attacked='latex'}{x}$ <script>window.attacked='latex'</script>"}, raw=True)
display({"image/png": '"><script>window.attacked = "png"</script>'}, raw=True,
        metadata={"image/png": {"width": "1 onerror=window.attacked='width' src=x"}})
display({"application/vnd.jupyter.widget-view+json": '{"model_id": "</script><script>window.attacked=1</script>"}'}, raw=True)

# %% attack: terminal_tricks
# group: markup that runs for the grader
# tries: Colours, links and titles of terminals around markup, in text and in errors.
# flag: nothing passed
print("\x1b]8;;javascript:window.attacked='osc'\x07click\x1b]8;;\x07 \x1b[31m<script>window.attacked = 'ansi'</script>\x1b[0m")
print("\x1b[38;5;<img src=x onerror=window.attacked=1>m \x1b]0;title\x07 \u202e<script>")
raise ValueError("<script>window.attacked = 'error'</script><img src=x onerror=window.attacked=2>")
