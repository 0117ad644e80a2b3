"""The multi-robot warehouse (Christianos 2020, arXiv 2006.07169; `rware` 2.0.0), stepped as tensors.

Agents turn, walk, load shelves and put them down. A requested shelf that is carried to a goal pays 1, and another shelf
is requested in its place; the delivered one must be put back into an empty place before its carrier can load the next.
Agents without a shelf walk under shelves, those with one keep to the highways. The package's rules are kept step
for step, its quirks too: a shelf that is requested while it stands on a goal counts as delivered.

What stands in a cell, or lies on an agent, is one integer: bits for a shelf, for its request and for its delivery.
Loading and putting down are then one exchange, a carried shelf moves with its agent, and no list of shelves or requests
is needed: shelves of one kind are all alike.

Letters of shapes: R replicas, E environments, A agents, C cells, P places; N environments that are drawn anew.
"""

import torch
from torch import Tensor

from also.services.trainer.streams import mix, uniform
from also.services.trainer.tasks.tensor_task import TensorTask
from also.services.trainer.tasks.vector_task import Outcome, View
from also.services.trainer.tasks.warehouse.card import warehouse_card
from also.services.trainer.tasks.warehouse.features import Scene, feature, needs_map
from also.services.trainer.tasks.warehouse.hall import Hall
from also.services.trainer.tasks.warehouse.layout import EPISODE_LIMIT, parse_layout
from also.services.trainer.tasks.warehouse.tables import ACTIONS, NOOP, REQUESTED, SHELF, SPENT, WANTED, Tables, Way
from also.services.trainer.tasks.warehouse.traffic import Traffic
from also.v1.task_pb2 import TaskCard

_REQUESTS = -1
"""Index of the stream that requests are drawn from, beside the numbers that begin an episode."""


class Warehouse(TensorTask[Hall, Scene]):
    """The task `warehouse`. Its reward is the sum over agents of the package's individual reward: 1 for a delivery."""

    def _build(self, layout: str, keys: Tensor) -> TaskCard:
        self.layout = parse_layout(layout)
        self._tables = Tables.build(self.layout, keys.device)
        self._traffic = Traffic(self.layout, keys.device)
        self._none = keys.new_zeros((*keys.shape, self.layout.agents))
        self._nothing = torch.zeros_like(keys, dtype=torch.float32)
        self._unasked = self._nothing.new_zeros(()).expand(*self._none.shape, len(Way))
        self._never = torch.zeros_like(keys, dtype=torch.bool)
        self._unseen = torch.zeros((*keys.shape, 0), device=keys.device)
        return warehouse_card(self.layout)

    def view(self, *, whole: bool = True) -> View:
        """Observations as the package flattens them; the state is all agents, then what stands in each place.

        In the state an agent is column, row, whether it carries a shelf, its direction (four numbers), whether it is
        on a highway, and whether its shelf is requested and was delivered; a place is whether a shelf stands there, and
        whether it is requested.
        """
        hall = self._state
        observations, own = self._tables.observations(hall.shelves, hall.pose, hall.load)
        state = self._tables.state(hall.shelves, own) if whole else self._unseen
        return View(observations=observations, state=state, action_mask=None)

    def step(self, actions: Tensor) -> Outcome:
        """Move every environment by one env_step; actions is int64 (R, E, A), see `NOOP` to `TOGGLE`."""
        tables, hall = self._tables, self._state
        index = torch.add(actions, hall.pose, alpha=ACTIONS)
        cell, target = hall.pose >> 2, tables.target.take(index)
        found = hall.shelves.gather(-1, target)  # where the agent is going, or stands
        target = torch.where((found * hall.load) > 0, cell, target)  # a shelf is in the way of a carried one
        moving = self._traffic.moving(cell, target, hall.pose)
        pose = torch.where(moving, tables.walked.take(index), tables.turned.take(index))

        exchanges = tables.exchanges.take(index)  # these stay, so `found` is what stands above them
        load = torch.where(exchanges, found, hall.load)
        shelves = hall.shelves.scatter_add(-1, cell, exchanges * ((hall.load & WANTED) - found))

        self._state = hall._replace(
            time=hall.time + 1,
            shelves=shelves,
            pose=pose,
            load=load,
            pose_before=hall.pose,
            load_before=hall.load,
            delivered=self._none,
            action=actions.clone(),
        )
        reward = self._nothing
        delivers = tables.delivers.take((pose << 3) + load)
        if delivers.any():
            lanes = delivers.any(-1).flatten().nonzero().squeeze(-1)
            self._replace(lanes, self._deliver(Hall(*(tensor.flatten(0, 1)[lanes] for tensor in self._state))))
            reward = self._state.delivered.sum(-1).to(torch.float32)
        return Outcome(reward=reward, terminated=self._never, truncated=self._state.time >= EPISODE_LIMIT)

    def moment(self, names: tuple[str, ...]) -> Scene:
        """What features tell of; it has no map of the shelves, which is large, but the distances that are asked for."""
        hall = self._state
        asked = needs_map(names)
        return Scene(
            pose=hall.pose,
            load=hall.load,
            pose_before=hall.pose_before,
            load_before=hall.load_before,
            delivered=hall.delivered,
            action=hall.action,
            distances=self._tables.distances(hall.shelves, hall.pose) if asked else self._unasked,
        )

    def _feature(self, moment: Scene, name: str) -> Tensor:
        return feature(self._tables, moment, name, self.card)

    def _deliver(self, hall: Hall) -> Hall:
        """The state of N environments, (N, ...), after requested shelves that are on goals have been delivered.

        The goals are looked at one after the other. The new request is any shelf that is not requested, each with the
        same probability, but for the one that was just delivered: so it may be the one that is on the other goal.
        """
        key = mix(mix(hall.keys, hall.episode), _REQUESTS)
        shelves, load, delivered, deliveries = hall.shelves, hall.load, hall.delivered, hall.deliveries
        cells = shelves.shape[-1]
        for goal in self.layout.goals:
            here = (hall.pose >> 2 == goal) & (load & REQUESTED).bool()  # (N, A)
            any_here = here.any(-1, keepdim=True)
            kinds = torch.cat((shelves, load), dim=-1)  # (N, C + A)
            idle = (kinds & WANTED) == SHELF
            number = (uniform(mix(key, deliveries), 1) * idle.sum(-1, keepdim=True)).to(torch.int64)  # (N, 1)
            chosen = idle & (idle.cumsum(-1) == number + 1) & any_here
            kinds = torch.where(chosen, WANTED, kinds)
            shelves, load = kinds[:, :cells], torch.where(here, SPENT, kinds[:, cells:])
            delivered = delivered + here
            deliveries = deliveries + any_here.squeeze(-1)
        return hall._replace(shelves=shelves, load=load, delivered=delivered, deliveries=deliveries)

    def _spawn(self, keys: Tensor, episode: Tensor) -> Hall:
        """New episodes; keys and episode are int64 of one shape, (R, E) or (N,).

        Agents stand in different cells, any but for that, and face any direction. As many different shelves as the
        layout says are requested. A choice of some of many is the first ones in a random order of all.
        """
        tables, layout = self._tables, self.layout
        cells, places, agents = layout.height * layout.width, tables.places.shape[0], layout.agents
        draws = uniform(mix(keys, episode), cells + agents + places)
        cell = draws[..., :cells].topk(agents, dim=-1).indices
        pose = 4 * cell + (4 * draws[..., cells : cells + agents]).to(torch.int64)
        wanted = tables.places[draws[..., cells + agents :].topk(layout.requests, dim=-1).indices]
        shelves = tables.full.expand(*keys.shape, -1).scatter(-1, wanted, WANTED)
        nothing = torch.zeros_like(pose)
        return Hall(
            keys=keys,
            episode=episode,
            time=torch.zeros_like(keys),
            deliveries=torch.zeros_like(keys),
            shelves=shelves,
            pose=pose,
            load=nothing,
            pose_before=pose,
            load_before=nothing,
            delivered=nothing,
            action=torch.full_like(pose, NOOP - 1),
        )
