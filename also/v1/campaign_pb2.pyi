from also.v1 import limits_pb2 as _limits_pb2
from also.v1 import llm_pb2 as _llm_pb2
from also.v1 import reading_pb2 as _reading_pb2
from also.v1 import shaping_pb2 as _shaping_pb2
from also.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BranchRetention(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BRANCH_RETENTION_UNSPECIFIED: _ClassVar[BranchRetention]
    BRANCH_RETENTION_STAGE: _ClassVar[BranchRetention]
    BRANCH_RETENTION_CAMPAIGN: _ClassVar[BranchRetention]

class Algorithm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALGORITHM_UNSPECIFIED: _ClassVar[Algorithm]
    ALGORITHM_MAPPO: _ClassVar[Algorithm]
    ALGORITHM_IPPO: _ClassVar[Algorithm]
    ALGORITHM_VDN: _ClassVar[Algorithm]
    ALGORITHM_QMIX: _ClassVar[Algorithm]

class Device(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_UNSPECIFIED: _ClassVar[Device]
    DEVICE_AUTO: _ClassVar[Device]
    DEVICE_CPU: _ClassVar[Device]
    DEVICE_CUDA: _ClassVar[Device]

class CriticBackend(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CRITIC_BACKEND_UNSPECIFIED: _ClassVar[CriticBackend]
    CRITIC_BACKEND_RULES: _ClassVar[CriticBackend]
    CRITIC_BACKEND_NONE: _ClassVar[CriticBackend]
    CRITIC_BACKEND_LLM: _ClassVar[CriticBackend]

class GeneratorBackend(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GENERATOR_BACKEND_UNSPECIFIED: _ClassVar[GeneratorBackend]
    GENERATOR_BACKEND_RULES: _ClassVar[GeneratorBackend]
    GENERATOR_BACKEND_RANDOM: _ClassVar[GeneratorBackend]
    GENERATOR_BACKEND_MUTATE: _ClassVar[GeneratorBackend]
    GENERATOR_BACKEND_LLM: _ClassVar[GeneratorBackend]

class Sampling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLING_UNSPECIFIED: _ClassVar[Sampling]
    SAMPLING_LIST: _ClassVar[Sampling]
    SAMPLING_CHOICES: _ClassVar[Sampling]

class ValidationPreset(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VALIDATION_PRESET_UNSPECIFIED: _ClassVar[ValidationPreset]
    VALIDATION_PRESET_FRUGAL: _ClassVar[ValidationPreset]
    VALIDATION_PRESET_STANDARD: _ClassVar[ValidationPreset]
    VALIDATION_PRESET_RIGOROUS: _ClassVar[ValidationPreset]

class Adopt(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ADOPT_UNSPECIFIED: _ClassVar[Adopt]
    ADOPT_BRANCH: _ClassVar[Adopt]
    ADOPT_CONFIG: _ClassVar[Adopt]

class Proof(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROOF_UNSPECIFIED: _ClassVar[Proof]
    PROOF_BY_RISK: _ClassVar[Proof]
    PROOF_CONFIRMED: _ClassVar[Proof]
    PROOF_NONE: _ClassVar[Proof]
BRANCH_RETENTION_UNSPECIFIED: BranchRetention
BRANCH_RETENTION_STAGE: BranchRetention
BRANCH_RETENTION_CAMPAIGN: BranchRetention
ALGORITHM_UNSPECIFIED: Algorithm
ALGORITHM_MAPPO: Algorithm
ALGORITHM_IPPO: Algorithm
ALGORITHM_VDN: Algorithm
ALGORITHM_QMIX: Algorithm
DEVICE_UNSPECIFIED: Device
DEVICE_AUTO: Device
DEVICE_CPU: Device
DEVICE_CUDA: Device
CRITIC_BACKEND_UNSPECIFIED: CriticBackend
CRITIC_BACKEND_RULES: CriticBackend
CRITIC_BACKEND_NONE: CriticBackend
CRITIC_BACKEND_LLM: CriticBackend
GENERATOR_BACKEND_UNSPECIFIED: GeneratorBackend
GENERATOR_BACKEND_RULES: GeneratorBackend
GENERATOR_BACKEND_RANDOM: GeneratorBackend
GENERATOR_BACKEND_MUTATE: GeneratorBackend
GENERATOR_BACKEND_LLM: GeneratorBackend
SAMPLING_UNSPECIFIED: Sampling
SAMPLING_LIST: Sampling
SAMPLING_CHOICES: Sampling
VALIDATION_PRESET_UNSPECIFIED: ValidationPreset
VALIDATION_PRESET_FRUGAL: ValidationPreset
VALIDATION_PRESET_STANDARD: ValidationPreset
VALIDATION_PRESET_RIGOROUS: ValidationPreset
ADOPT_UNSPECIFIED: Adopt
ADOPT_BRANCH: Adopt
ADOPT_CONFIG: Adopt
PROOF_UNSPECIFIED: Proof
PROOF_BY_RISK: Proof
PROOF_CONFIRMED: Proof
PROOF_NONE: Proof

class Campaign(_message.Message):
    __slots__ = ("task", "seed", "learner", "evaluation", "stages", "critic", "generator", "validation", "guard", "budget", "reference", "shaping", "start", "retention")
    TASK_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    LEARNER_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    CRITIC_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    GUARD_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SHAPING_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    seed: int
    learner: LearnerSettings
    evaluation: EvaluationSettings
    stages: StageSettings
    critic: CriticSettings
    generator: GeneratorSettings
    validation: ValidationSettings
    guard: GuardSettings
    budget: BudgetSettings
    reference: ReferenceSettings
    shaping: _shaping_pb2.ShapingConfig
    start: Start
    retention: RetentionSettings
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., seed: _Optional[int] = ..., learner: _Optional[_Union[LearnerSettings, _Mapping]] = ..., evaluation: _Optional[_Union[EvaluationSettings, _Mapping]] = ..., stages: _Optional[_Union[StageSettings, _Mapping]] = ..., critic: _Optional[_Union[CriticSettings, _Mapping]] = ..., generator: _Optional[_Union[GeneratorSettings, _Mapping]] = ..., validation: _Optional[_Union[ValidationSettings, _Mapping]] = ..., guard: _Optional[_Union[GuardSettings, _Mapping]] = ..., budget: _Optional[_Union[BudgetSettings, _Mapping]] = ..., reference: _Optional[_Union[ReferenceSettings, _Mapping]] = ..., shaping: _Optional[_Union[_shaping_pb2.ShapingConfig, _Mapping]] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., retention: _Optional[_Union[RetentionSettings, _Mapping]] = ...) -> None: ...

class RetentionSettings(_message.Message):
    __slots__ = ("branches",)
    BRANCHES_FIELD_NUMBER: _ClassVar[int]
    branches: BranchRetention
    def __init__(self, branches: _Optional[_Union[BranchRetention, str]] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("checkpoint",)
    FROM_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    checkpoint: str
    def __init__(self, checkpoint: _Optional[str] = ..., **kwargs) -> None: ...

class LearnerSettings(_message.Message):
    __slots__ = ("algorithm", "environments", "rollout", "epochs", "minibatches", "learning_rate", "gamma", "gae_lambda", "clip_epsilon", "entropy_coefficient", "value_coefficient", "gradient_clip", "hidden", "layers", "recurrent", "normalise_observations", "scale_rewards", "device", "value_learning")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENTS_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    MINIBATCHES_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    GAE_LAMBDA_FIELD_NUMBER: _ClassVar[int]
    CLIP_EPSILON_FIELD_NUMBER: _ClassVar[int]
    ENTROPY_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    VALUE_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_CLIP_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    RECURRENT_FIELD_NUMBER: _ClassVar[int]
    NORMALISE_OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    SCALE_REWARDS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    VALUE_LEARNING_FIELD_NUMBER: _ClassVar[int]
    algorithm: Algorithm
    environments: int
    rollout: int
    epochs: int
    minibatches: int
    learning_rate: float
    gamma: float
    gae_lambda: float
    clip_epsilon: float
    entropy_coefficient: float
    value_coefficient: float
    gradient_clip: float
    hidden: int
    layers: int
    recurrent: bool
    normalise_observations: bool
    scale_rewards: bool
    device: Device
    value_learning: ValueLearning
    def __init__(self, algorithm: _Optional[_Union[Algorithm, str]] = ..., environments: _Optional[int] = ..., rollout: _Optional[int] = ..., epochs: _Optional[int] = ..., minibatches: _Optional[int] = ..., learning_rate: _Optional[float] = ..., gamma: _Optional[float] = ..., gae_lambda: _Optional[float] = ..., clip_epsilon: _Optional[float] = ..., entropy_coefficient: _Optional[float] = ..., value_coefficient: _Optional[float] = ..., gradient_clip: _Optional[float] = ..., hidden: _Optional[int] = ..., layers: _Optional[int] = ..., recurrent: _Optional[bool] = ..., normalise_observations: _Optional[bool] = ..., scale_rewards: _Optional[bool] = ..., device: _Optional[_Union[Device, str]] = ..., value_learning: _Optional[_Union[ValueLearning, _Mapping]] = ...) -> None: ...

class ValueLearning(_message.Message):
    __slots__ = ("replay_env_steps", "batch_episodes", "batches", "target_rate", "target_interval", "double_q", "epsilon_start", "epsilon_end", "epsilon_env_steps", "mixer_width", "hypernet_width", "replay_in_checkpoint")
    REPLAY_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    BATCH_EPISODES_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    TARGET_RATE_FIELD_NUMBER: _ClassVar[int]
    TARGET_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_Q_FIELD_NUMBER: _ClassVar[int]
    EPSILON_START_FIELD_NUMBER: _ClassVar[int]
    EPSILON_END_FIELD_NUMBER: _ClassVar[int]
    EPSILON_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    MIXER_WIDTH_FIELD_NUMBER: _ClassVar[int]
    HYPERNET_WIDTH_FIELD_NUMBER: _ClassVar[int]
    REPLAY_IN_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    replay_env_steps: int
    batch_episodes: int
    batches: int
    target_rate: float
    target_interval: int
    double_q: bool
    epsilon_start: float
    epsilon_end: float
    epsilon_env_steps: int
    mixer_width: int
    hypernet_width: int
    replay_in_checkpoint: bool
    def __init__(self, replay_env_steps: _Optional[int] = ..., batch_episodes: _Optional[int] = ..., batches: _Optional[int] = ..., target_rate: _Optional[float] = ..., target_interval: _Optional[int] = ..., double_q: _Optional[bool] = ..., epsilon_start: _Optional[float] = ..., epsilon_end: _Optional[float] = ..., epsilon_env_steps: _Optional[int] = ..., mixer_width: _Optional[int] = ..., hypernet_width: _Optional[int] = ..., replay_in_checkpoint: _Optional[bool] = ...) -> None: ...

class EvaluationSettings(_message.Message):
    __slots__ = ("episodes", "report_episodes", "greedy", "branch_points")
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    REPORT_EPISODES_FIELD_NUMBER: _ClassVar[int]
    GREEDY_FIELD_NUMBER: _ClassVar[int]
    BRANCH_POINTS_FIELD_NUMBER: _ClassVar[int]
    episodes: int
    report_episodes: int
    greedy: bool
    branch_points: int
    def __init__(self, episodes: _Optional[int] = ..., report_episodes: _Optional[int] = ..., greedy: _Optional[bool] = ..., branch_points: _Optional[int] = ...) -> None: ...

class StageSettings(_message.Message):
    __slots__ = ("count", "env_steps", "patience", "first_env_steps")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    FIRST_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    count: int
    env_steps: int
    patience: int
    first_env_steps: int
    def __init__(self, count: _Optional[int] = ..., env_steps: _Optional[int] = ..., patience: _Optional[int] = ..., first_env_steps: _Optional[int] = ...) -> None: ...

class CriticSettings(_message.Message):
    __slots__ = ("backend", "llm")
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    backend: CriticBackend
    llm: _llm_pb2.LlmEndpoint
    def __init__(self, backend: _Optional[_Union[CriticBackend, str]] = ..., llm: _Optional[_Union[_llm_pb2.LlmEndpoint, _Mapping]] = ...) -> None: ...

class GeneratorSettings(_message.Message):
    __slots__ = ("backend", "candidates", "llm", "sampling")
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    backend: GeneratorBackend
    candidates: int
    llm: _llm_pb2.LlmEndpoint
    sampling: Sampling
    def __init__(self, backend: _Optional[_Union[GeneratorBackend, str]] = ..., candidates: _Optional[int] = ..., llm: _Optional[_Union[_llm_pb2.LlmEndpoint, _Mapping]] = ..., sampling: _Optional[_Union[Sampling, str]] = ...) -> None: ...

class ValidationSettings(_message.Message):
    __slots__ = ("preset", "rounds", "search_rungs", "search_seeds", "search_env_steps", "confirm_seeds", "confirm_waves", "confirm_env_steps", "alpha", "minimum_gain", "adopt", "parallel_groups", "replicas_per_group", "guards", "proof", "share", "race_rungs", "race_seeds", "race_env_steps", "rare_loss_check", "silent_race", "dry_run", "approve")
    PRESET_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_RUNGS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_SEEDS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_SEEDS_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_WAVES_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_GAIN_FIELD_NUMBER: _ClassVar[int]
    ADOPT_FIELD_NUMBER: _ClassVar[int]
    PARALLEL_GROUPS_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_PER_GROUP_FIELD_NUMBER: _ClassVar[int]
    GUARDS_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    RACE_RUNGS_FIELD_NUMBER: _ClassVar[int]
    RACE_SEEDS_FIELD_NUMBER: _ClassVar[int]
    RACE_ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    RARE_LOSS_CHECK_FIELD_NUMBER: _ClassVar[int]
    SILENT_RACE_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    APPROVE_FIELD_NUMBER: _ClassVar[int]
    preset: ValidationPreset
    rounds: int
    search_rungs: int
    search_seeds: int
    search_env_steps: int
    confirm_seeds: int
    confirm_waves: int
    confirm_env_steps: int
    alpha: float
    minimum_gain: float
    adopt: Adopt
    parallel_groups: int
    replicas_per_group: int
    guards: _containers.RepeatedCompositeFieldContainer[_reading_pb2.GuardQuery]
    proof: Proof
    share: float
    race_rungs: int
    race_seeds: int
    race_env_steps: int
    rare_loss_check: bool
    silent_race: bool
    dry_run: bool
    approve: bool
    def __init__(self, preset: _Optional[_Union[ValidationPreset, str]] = ..., rounds: _Optional[int] = ..., search_rungs: _Optional[int] = ..., search_seeds: _Optional[int] = ..., search_env_steps: _Optional[int] = ..., confirm_seeds: _Optional[int] = ..., confirm_waves: _Optional[int] = ..., confirm_env_steps: _Optional[int] = ..., alpha: _Optional[float] = ..., minimum_gain: _Optional[float] = ..., adopt: _Optional[_Union[Adopt, str]] = ..., parallel_groups: _Optional[int] = ..., replicas_per_group: _Optional[int] = ..., guards: _Optional[_Iterable[_Union[_reading_pb2.GuardQuery, _Mapping]]] = ..., proof: _Optional[_Union[Proof, str]] = ..., share: _Optional[float] = ..., race_rungs: _Optional[int] = ..., race_seeds: _Optional[int] = ..., race_env_steps: _Optional[int] = ..., rare_loss_check: _Optional[bool] = ..., silent_race: _Optional[bool] = ..., dry_run: _Optional[bool] = ..., approve: _Optional[bool] = ...) -> None: ...

class GuardSettings(_message.Message):
    __slots__ = ("margin", "patience")
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    margin: float
    patience: int
    def __init__(self, margin: _Optional[float] = ..., patience: _Optional[int] = ...) -> None: ...

class BudgetSettings(_message.Message):
    __slots__ = ("env_steps", "llm_calls_per_stage", "llm_tokens_per_stage", "llm_calls", "llm_tokens")
    ENV_STEPS_FIELD_NUMBER: _ClassVar[int]
    LLM_CALLS_PER_STAGE_FIELD_NUMBER: _ClassVar[int]
    LLM_TOKENS_PER_STAGE_FIELD_NUMBER: _ClassVar[int]
    LLM_CALLS_FIELD_NUMBER: _ClassVar[int]
    LLM_TOKENS_FIELD_NUMBER: _ClassVar[int]
    env_steps: int
    llm_calls_per_stage: int
    llm_tokens_per_stage: int
    llm_calls: int
    llm_tokens: int
    def __init__(self, env_steps: _Optional[int] = ..., llm_calls_per_stage: _Optional[int] = ..., llm_tokens_per_stage: _Optional[int] = ..., llm_calls: _Optional[int] = ..., llm_tokens: _Optional[int] = ...) -> None: ...

class ReferenceSettings(_message.Message):
    __slots__ = ("enabled", "one_shot")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    ONE_SHOT_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    one_shot: bool
    def __init__(self, enabled: _Optional[bool] = ..., one_shot: _Optional[bool] = ...) -> None: ...
