"""JaxMARL's simple_spread under PPO in the style of purejaxrl: whole training, compiled as one program.

    python benchmarks/contenders/jaxmarl_ppo.py --case ippo-64x25 --repeats 5

JaxMARL's wheel has environments and no learner. This one follows purejaxrl (Lu 2022): environments,
rollout, advantages and update are one `jax.jit`, scanned over updates. Sizes are those of ALSO's learner:
3 agents, observations of 18, an actor and a value net of 2 layers of 64 shared by all agents, Adam,
gradients clipped by their norm, 4 epochs of 4 minibatches, GAE; with MAPPO the value net sees all
observations in a row. What ALSO does beyond that is left out here, in JaxMARL's favour: no normalised
observations, no shaping, one value head, no statistics.

JaxMARL's published baselines, like purejaxrl, permute single actors' samples, and ask MAPPO's value net once
for each agent. With `--samples env_steps` a sample is an env_step of all agents and MAPPO's value net
is asked once for it, as ALSO does, which XLA runs faster.

Letters: R seeds, E environments, T env_steps of a rollout, A agents, O observation, N samples.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from serving import Meter, pin

CASES: dict[str, dict[str, Any]] = {
    "ippo-64x25": {"centralised": False, "replicas": 1, "environments": 64, "rollout": 25},
    "mappo-64x25": {"centralised": True, "replicas": 1, "environments": 64, "rollout": 25},
    "ippo-64x25-r10": {"centralised": False, "replicas": 10, "environments": 64, "rollout": 25},
    "ippo-1024x25": {"centralised": False, "replicas": 1, "environments": 1024, "rollout": 25},
}
HIDDEN, EPOCHS, MINIBATCHES = 64, 4, 4
GAMMA, GAE_LAMBDA, CLIP, ENTROPY, VALUE, GRADIENT_CLIP, LEARNING_RATE = 0.99, 0.95, 0.2, 0.01, 0.5, 10.0, 5e-4
EPISODE = 25
PIECE = 16_000
"""env_steps of one call of the compiled program, about."""


def main() -> None:
    """Compile, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, required=True)
    parser.add_argument("--cores", type=int, default=2, help="cores that XLA may use")
    parser.add_argument("--samples", choices=("actors", "env_steps"), default="actors", help="what is permuted")
    meter = Meter(parser)
    pin(meter.arguments.cores)  # before XLA counts them
    import jax
    import jaxmarl
    import optax

    jax.config.update("jax_platforms", "cpu")
    case = CASES[meter.arguments.case]
    env_steps = case["replicas"] * case["environments"] * case["rollout"]
    updates = max(1, PIECE // env_steps)
    begin, update = trainer(**case, single=meter.arguments.samples == "actors")
    state = jax.jit(jax.vmap(begin))(jax.random.split(jax.random.PRNGKey(0), case["replicas"]))

    def train(state: Any) -> Any:
        return jax.lax.scan(lambda carried, _: (jax.vmap(update)(carried), None), state, None, updates)[0]

    compiled = jax.jit(train, donate_argnums=0)
    meter.versions = {"jaxmarl": jaxmarl.__version__, "jax": jax.__version__, "optax": optax.__version__}
    while True:
        state = jax.block_until_ready(compiled(state))
        meter.tick(updates * env_steps)


def trainer(
    *, centralised: bool, replicas: int, environments: int, rollout: int, single: bool
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """The beginning of a training, from a random key, and one update of it, from state to state."""
    del replicas  # vmapped over both
    import jax
    import jaxmarl
    import optax
    from jax import lax
    from jax import numpy as jnp
    from jax import random as jax_random

    env = jaxmarl.make("MPE_simple_spread_v3", max_steps=EPISODE)
    agents, size = len(env.agents), env.observation_space(env.agents[0]).shape[0]
    choices = env.action_space(env.agents[0]).n
    adam = optax.chain(optax.clip_by_global_norm(GRADIENT_CLIP), optax.adam(LEARNING_RATE, eps=1e-5))

    def layers(key: Any, *sizes: int) -> Any:
        pairs = zip(jax_random.split(key, len(sizes)), sizes, sizes[1:], strict=False)
        return [(jax_random.normal(key, (m, n)) / m**0.5, jnp.zeros(n)) for key, m, n in pairs]

    def forward(net: Any, inputs: Any) -> Any:
        for weights, offsets in net[:-1]:
            inputs = jax.nn.relu(inputs @ weights + offsets)
        weights, offsets = net[-1]
        return inputs @ weights + offsets

    def stacked(by_agent: Any) -> Any:
        return jnp.stack([by_agent[agent] for agent in env.agents], axis=-2)

    def value_inputs(observations: Any) -> Any:
        """(E, A, O), or what all agents see: (E, A, A * O), of single samples; else (E, 1, A * O)."""
        if not centralised:
            return observations
        joint = observations.reshape(environments, 1, agents * size)
        return jnp.repeat(joint, agents, axis=1) if single else joint

    def begin(key: Any) -> Any:
        key, actor_key, value_key, reset_key = jax_random.split(key, 4)
        nets = {
            "actor": layers(actor_key, size, HIDDEN, HIDDEN, choices),
            "value": layers(value_key, agents * size if centralised else size, HIDDEN, HIDDEN, 1),
        }
        observations, states = jax.vmap(env.reset)(jax_random.split(reset_key, environments))
        return {"key": key, "nets": nets, "adam": adam.init(nets), "env": (states, stacked(observations))}

    def env_step(nets: Any, carried: Any, key: Any) -> Any:
        states, observations = carried
        act_key, step_key = jax_random.split(key)
        logits = jax.nn.log_softmax(forward(nets["actor"], observations))  # (E, A, choices)
        actions = jax_random.categorical(act_key, logits)
        value_input = value_inputs(observations)
        joint = {agent: actions[:, index] for index, agent in enumerate(env.agents)}
        following, states, rewards, dones, _ = jax.vmap(env.step)(
            jax_random.split(step_key, environments), states, joint
        )
        reward = jnp.stack([rewards[agent] for agent in env.agents], axis=-1)
        seen = {
            "observations": observations,
            "actions": actions,
            "log_probabilities": jnp.take_along_axis(logits, actions[..., None], -1)[..., 0],
            "value_inputs": value_input,
            "values": forward(nets["value"], value_input)[..., 0],
            "rewards": reward.mean(axis=-1, keepdims=True) if centralised and not single else reward,
            "done": dones["__all__"][:, None],
        }
        return (states, stacked(following)), seen

    def advantages(seen: Any, last: Any) -> Any:
        def back(carried: Any, step: Any) -> Any:
            advantage, following = carried
            alive = 1.0 - step["done"]
            delta = step["rewards"] + GAMMA * following * alive - step["values"]
            advantage = delta + GAMMA * GAE_LAMBDA * alive * advantage
            return (advantage, step["values"]), advantage

        return lax.scan(back, (jnp.zeros_like(last), last), seen, reverse=True)[1]

    def loss(nets: Any, part: Any) -> Any:
        logits = jax.nn.log_softmax(forward(nets["actor"], part["observations"]))
        chosen = jnp.take_along_axis(logits, part["actions"][..., None], -1)[..., 0]
        ratio = jnp.exp(chosen - part["log_probabilities"])
        gain = part["advantages"]
        gain = (gain - gain.mean()) / (gain.std() + 1e-8)
        clipped = jnp.clip(ratio, 1.0 - CLIP, 1.0 + CLIP)
        entropy = -(jnp.exp(logits) * logits).sum(axis=-1)
        error = forward(nets["value"], part["value_inputs"])[..., 0] - part["targets"]
        return VALUE * (error**2).mean() - jnp.minimum(ratio * gain, clipped * gain).mean() - ENTROPY * entropy.mean()

    def minibatch(carried: Any, part: Any) -> Any:
        nets, moments = carried
        gradients = jax.grad(loss)(nets, part)
        changes, moments = adam.update(gradients, moments, nets)
        return (optax.apply_updates(nets, changes), moments), None

    def epoch(samples: Any, carried: Any, key: Any) -> Any:
        order = jax_random.permutation(key, samples["actions"].shape[0]).reshape(MINIBATCHES, -1)
        return lax.scan(minibatch, carried, jax.tree.map(lambda part: part[order], samples))

    def update(state: Any) -> Any:
        key, play_key, order_key = jax_random.split(state["key"], 3)
        nets = state["nets"]
        env_state, seen = lax.scan(partial(env_step, nets), state["env"], jax_random.split(play_key, rollout))
        gained = advantages(seen, forward(nets["value"], value_inputs(env_state[1]))[..., 0])
        kept = {name: seen[name] for name in ("observations", "value_inputs", "actions", "log_probabilities")}
        samples = kept | {"advantages": gained, "targets": gained + seen["values"]}
        axes = 3 if single else 2  # (T, E, A, ...) -> (N, ...)
        samples = jax.tree.map(lambda part: part.reshape(-1, *part.shape[axes:]), samples)
        learnt, _ = lax.scan(partial(epoch, samples), (nets, state["adam"]), jax_random.split(order_key, EPOCHS))
        return {"key": key, "nets": learnt[0], "adam": learnt[1], "env": env_state}

    return begin, update


if __name__ == "__main__":
    main()
