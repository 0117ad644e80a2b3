"""An exported policy in a program of its own, which needs onnxruntime and NumPy and nothing else.

also export --policy foraging -o policy
python examples/load_policy.py policy
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


class Policy:
    """A folder that `also export` has written; its policy.json says what goes in and what comes out."""

    def __init__(self, folder):
        self.about = json.loads(Path(folder, "policy.json").read_text(encoding="utf-8"))
        self.agents, self.session = self.about["agents"], onnxruntime.InferenceSession(Path(folder, "policy.onnx"))
        self.begin()

    def begin(self):
        """Forget the last episode."""
        self.memory = np.zeros((len(self.agents), self.about["memory_size"]), np.float32)

    def act(self, observations, action_masks=None):
        """The best action of each agent, (A,) or (A, K), of observations (A, O) and masks of allowed actions (A, K)."""
        given = {"observation": observations, "agent": np.arange(len(self.agents))}
        given |= {"action_mask": action_masks, "memory": self.memory}
        outputs = [each.name for each in self.session.get_outputs()]
        found = self.session.run(outputs, {each.name: given[each.name] for each in self.session.get_inputs()})
        named = dict(zip(outputs, found, strict=True))
        self.memory = named.get("next_memory", self.memory)  # an agent's row is all 0 while it is not there
        return named["action"]


if __name__ == "__main__":
    policy = Policy(sys.argv[1] if len(sys.argv) > 1 else "policy")
    print({name: policy.about[name] for name in ("task", "agents", "observation_size", "action_space", "acting")})
    seen = np.zeros((len(policy.agents), policy.about["observation_size"]), np.float32)
    print(policy.act(seen, np.ones((len(policy.agents), policy.about["action_space"]["size"]), bool)))
