"""What a thousand parallel branches cost: the API server, the object store, Prometheus, and a queue.

A round of 17 arms x 59 seeds is planned by the validator's own code, at 1, 16 and 64 replicas a Job. Every
part meets the real thing: Jobs that the launcher creates in a real cluster, objects in a real S3 server and
in a folder, samples that a real Prometheus scrapes. Only the training is left out where it would be the
same a thousand times over: a branch group is trained once, and its metrics and its result are told again
under the other groups' names.
"""
