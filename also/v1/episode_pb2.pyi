from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EpisodeChoice(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EPISODE_CHOICE_UNSPECIFIED: _ClassVar[EpisodeChoice]
    EPISODE_CHOICE_BEST: _ClassVar[EpisodeChoice]
    EPISODE_CHOICE_MEDIAN: _ClassVar[EpisodeChoice]
    EPISODE_CHOICE_WORST: _ClassVar[EpisodeChoice]

class ItemKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ITEM_KIND_UNSPECIFIED: _ClassVar[ItemKind]
    ITEM_KIND_AGENT: _ClassVar[ItemKind]
    ITEM_KIND_FOOD: _ClassVar[ItemKind]
    ITEM_KIND_SHELF: _ClassVar[ItemKind]
    ITEM_KIND_SHELF_PLACE: _ClassVar[ItemKind]
    ITEM_KIND_GOAL: _ClassVar[ItemKind]
    ITEM_KIND_WALL: _ClassVar[ItemKind]
    ITEM_KIND_ONION_PILE: _ClassVar[ItemKind]
    ITEM_KIND_PLATE_PILE: _ClassVar[ItemKind]
    ITEM_KIND_POT: _ClassVar[ItemKind]
    ITEM_KIND_ONION: _ClassVar[ItemKind]
    ITEM_KIND_PLATE: _ClassVar[ItemKind]
    ITEM_KIND_SOUP: _ClassVar[ItemKind]
    ITEM_KIND_LANDMARK: _ClassVar[ItemKind]
    ITEM_KIND_PREY: _ClassVar[ItemKind]
    ITEM_KIND_OBSTACLE: _ClassVar[ItemKind]

class Heading(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEADING_UNSPECIFIED: _ClassVar[Heading]
    HEADING_NORTH: _ClassVar[Heading]
    HEADING_SOUTH: _ClassVar[Heading]
    HEADING_WEST: _ClassVar[Heading]
    HEADING_EAST: _ClassVar[Heading]
EPISODE_CHOICE_UNSPECIFIED: EpisodeChoice
EPISODE_CHOICE_BEST: EpisodeChoice
EPISODE_CHOICE_MEDIAN: EpisodeChoice
EPISODE_CHOICE_WORST: EpisodeChoice
ITEM_KIND_UNSPECIFIED: ItemKind
ITEM_KIND_AGENT: ItemKind
ITEM_KIND_FOOD: ItemKind
ITEM_KIND_SHELF: ItemKind
ITEM_KIND_SHELF_PLACE: ItemKind
ITEM_KIND_GOAL: ItemKind
ITEM_KIND_WALL: ItemKind
ITEM_KIND_ONION_PILE: ItemKind
ITEM_KIND_PLATE_PILE: ItemKind
ITEM_KIND_POT: ItemKind
ITEM_KIND_ONION: ItemKind
ITEM_KIND_PLATE: ItemKind
ITEM_KIND_SOUP: ItemKind
ITEM_KIND_LANDMARK: ItemKind
ITEM_KIND_PREY: ItemKind
ITEM_KIND_OBSTACLE: ItemKind
HEADING_UNSPECIFIED: Heading
HEADING_NORTH: Heading
HEADING_SOUTH: Heading
HEADING_WEST: Heading
HEADING_EAST: Heading

class Item(_message.Message):
    __slots__ = ("kind", "x", "y", "radius", "label", "badge", "heading", "marked", "carried")
    KIND_FIELD_NUMBER: _ClassVar[int]
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    RADIUS_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    BADGE_FIELD_NUMBER: _ClassVar[int]
    HEADING_FIELD_NUMBER: _ClassVar[int]
    MARKED_FIELD_NUMBER: _ClassVar[int]
    CARRIED_FIELD_NUMBER: _ClassVar[int]
    kind: ItemKind
    x: float
    y: float
    radius: float
    label: str
    badge: str
    heading: Heading
    marked: bool
    carried: bool
    def __init__(self, kind: _Optional[_Union[ItemKind, str]] = ..., x: _Optional[float] = ..., y: _Optional[float] = ..., radius: _Optional[float] = ..., label: _Optional[str] = ..., badge: _Optional[str] = ..., heading: _Optional[_Union[Heading, str]] = ..., marked: _Optional[bool] = ..., carried: _Optional[bool] = ...) -> None: ...

class Ground(_message.Message):
    __slots__ = ("grid", "width", "height", "items")
    GRID_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    grid: bool
    width: float
    height: float
    items: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, grid: _Optional[bool] = ..., width: _Optional[float] = ..., height: _Optional[float] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class Scene(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class Picture(_message.Message):
    __slots__ = ("width", "height", "pixels")
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PIXELS_FIELD_NUMBER: _ClassVar[int]
    width: int
    height: int
    pixels: str
    def __init__(self, width: _Optional[int] = ..., height: _Optional[int] = ..., pixels: _Optional[str] = ...) -> None: ...

class Episode(_message.Message):
    __slots__ = ("choice", "number", "episodes", "task", "total_reward", "env_steps", "success", "ground")
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TOTAL_REWARD_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    choice: EpisodeChoice
    number: int
    episodes: int
    task: str
    total_reward: float
    env_steps: int
    success: bool
    ground: Ground
    def __init__(self, choice: _Optional[_Union[EpisodeChoice, str]] = ..., number: _Optional[int] = ..., episodes: _Optional[int] = ..., task: _Optional[str] = ..., total_reward: _Optional[float] = ..., env_steps: _Optional[int] = ..., success: _Optional[bool] = ..., ground: _Optional[_Union[Ground, _Mapping]] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("reward", "scene", "picture")
    REWARD_FIELD_NUMBER: _ClassVar[int]
    SCENE_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    reward: float
    scene: Scene
    picture: Picture
    def __init__(self, reward: _Optional[float] = ..., scene: _Optional[_Union[Scene, _Mapping]] = ..., picture: _Optional[_Union[Picture, _Mapping]] = ...) -> None: ...
