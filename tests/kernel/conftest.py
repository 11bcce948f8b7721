from hypothesis import settings

# how long an example takes says more about the machine than about the kernel
settings.register_profile("kernel", deadline=None)
settings.load_profile("kernel")
