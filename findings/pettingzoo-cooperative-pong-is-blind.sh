#!/usr/bin/env bash
# PettingZoo 1.27.0, butterfly/cooperative_pong_v6.
#
# A good guess: `render_mode` decides what a person is shown. Observations are the whole screen, 280 × 480 × 3, so agents
# see ball and paddles whatever it is; training leaves it at its default, None, which is said to be the fast way.
# Seen: with the default all observations and `state()` are 0 at every env_step, and rewards come as always, so a policy
# learns without an error and sees nothing. With render_mode="rgb_array" the same episode has white paddles and a ball,
# also where `render()` is never called.
# Source: the package itself, run here; `observe` reads a surface that `draw` fills only in some render modes.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "pettingzoo[butterfly]==1.27.0" pygame-ce==2.5.8 gymnasium==1.4.0 numpy==2.4.6
SDL_VIDEODRIVER=dummy "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

from pettingzoo.butterfly import cooperative_pong_v6


def seen(render_mode):
    """Largest number that an agent sees in each of 20 env_steps, that of the state, and the sum of rewards."""
    env = cooperative_pong_v6.parallel_env(render_mode=render_mode)
    observations, _ = env.reset(seed=1)
    largest, paid = [], 0.0
    for _ in range(20):
        observations, rewards, *_ = env.step({agent: 1 for agent in env.agents})
        largest.append(max(int(screen.max()) for screen in observations.values()))
        paid += sum(rewards.values())
    return largest, int(env.state().max()), round(paid, 6)


print(f"pettingzoo {version('pettingzoo')}, pygame-ce {version('pygame-ce')}")
blind, shown = seen(None), seen("rgb_array")
print(f"render_mode=None:        largest number observed {max(blind[0])}, of the state {blind[1]}, paid {blind[2]}")
print(f"render_mode='rgb_array': largest number observed {max(shown[0])}, of the state {shown[1]}, paid {shown[2]}")
assert set(blind[0]) == {0} and blind[1] == 0, "with the default agents see something now"
assert set(shown[0]) == {255} and shown[1] == 255, "with rgb_array agents see something else now"
assert blind[2] == shown[2] > 0, "rewards depend on the render mode now"
print("expected of the default: the screen; seen: nothing, with the same rewards")
PYTHON
