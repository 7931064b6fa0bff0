from hdfsaver import *  # noqa: F403, the names of the package, its version among them

__git_version__: str
__compiler_version__: str
__cxx11_abi_flag__: int
__monolithic_build__: int
