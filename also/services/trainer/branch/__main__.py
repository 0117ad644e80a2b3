"""A branch group as a process: `python -m also.services.trainer.branch`, see `also.services.trainer.branch.process`."""

from also.services.trainer.branch.process import main

if __name__ == "__main__":
    main()
