"""What is wrong with a job or a cluster: pure functions from what one look tells to findings in words.

Each subject (failures, scheduling, checkpoints, flow, event time, memory, TaskManagers) has a module with
three functions: `notes` names the figures to remember until the next look, `signs` what this look shows,
`asks` the closer looks that it wants. `holds` waits until a sign has lasted, `verdict` orders what is left.
"""
