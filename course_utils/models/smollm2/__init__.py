"""SmolLM2-135M-Instruct, as `course model get smollm2` brings it: what it does, measured, and its card."""
