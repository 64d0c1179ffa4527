"""What Flink's own Web UI shows and does, place by place, and where flinktop does it.

The parts are those of the Web UI of 2.3; `since` its first release that has the part. Where flinktop shows
something in another way, or leaves it to another place, `otherwise` says so.

`releases` are those that have the part and that one of its tests runs on, as far as the tests' source tells
(tests/parity/releases.py); not checked is that every one of its tests runs on them all, nor what a test does
on some of its releases only.
"""

from dataclasses import dataclass

FIXTURES = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")
"""Releases whose recorded answers the tests without a cluster stand on."""
LIVE = ("1.9.3", "1.20.5", "2.3.0")
"""Releases that the live tests start; 1.14.6 too where they may take long."""
ENDS = ("1.9.3", "2.3.0")
"""The first and the last release."""

WALK = "tests/live/test_every_screen.py::test_every_screen_and_tab_tells_something"
NUMBERS = "tests/live/test_walk.py::test_every_place_is_reached_by_keys_and_tells_what_flink_tells"
PROCESS_VIEWS = "tests/live/test_processes.py::test_a_taskmanager_is_reached_and_tells_what_flink_tells"
HISTORY = "tests/live/test_history_server.py::test_every_place_says_what_a_history_server_has_and_has_not"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the Web UI."""

    name: str
    where: str
    """The place in flinktop, and its tab."""
    tests: tuple[str, ...]
    releases: tuple[str, ...]
    """On 1.14.6 live tests run only where they may take long: that is not counted."""
    since: tuple[int, int] = (1, 9)
    otherwise: str = ""


PARTS = (
    Part(
        "overview: slots, TaskManagers, what is blocked; jobs or applications by state",
        "overview, first line; jars ▸ applications",
        (
            "tests/ui/test_overview.py::test_the_frame_shows_release_load_and_the_clusters_time",
            "tests/ui/test_overview.py::test_the_cluster_line_gives_up_the_least_important_first",
            WALK,
        ),
        FIXTURES,
        otherwise="jobs are counted by state; applications are listed, not counted",
    ),
    Part(
        "overview: what runs and what has ended, each opened by a click",
        "overview",
        (
            "tests/ui/test_overview.py::test_all_jobs_of_the_cluster_are_there_with_their_states",
            "tests/live/test_monitor.py::test_jobs_are_found_opened_and_left",
        ),
        FIXTURES,
    ),
    Part(
        "lists of jobs and applications: name, start, duration, end, tasks, state; sorted",
        "overview; jars ▸ applications; timeline and header of a job for start and end",
        (
            "tests/ui/test_overview.py::test_sorting_by_name_and_the_other_way_round",
            "tests/ui/test_jars.py::test_applications_open_with_their_jobs",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "one application: header, cancel, its jobs, its exceptions",
        "application, with its configuration; a ▸ cancel",
        (
            "tests/ui/test_jars.py::test_applications_open_with_their_jobs",
            "tests/live/test_acts.py::test_an_application_is_cancelled_where_there_are_any",
            WALK,
        ),
        ("2.3.0",),
        (2, 3),
    ),
    Part(
        "header of a job: name, id, state, type, times, tasks; cancel; way to the JobManager's log",
        "job, header; Configuration for the type; a ▸ cancel; J ▸ Log",
        (
            "tests/live/test_monitor.py::test_a_job_is_cancelled_while_it_is_open",
            "tests/ui/test_confirm.py::test_every_other_act_has_its_dialog",
            "tests/live/test_acts.py::test_a_job_is_stopped_and_run_again_from_its_savepoint",
        ),
        LIVE,
        otherwise="cancel is PATCH, which says whether it could be, not the GET made for YARN's proxy",
    ),
    Part(
        "why a job that never came up has failed",
        "job, header and Exceptions",
        (
            "tests/ui/test_skew.py::test_a_failed_job_says_why",
            "tests/ui/test_exceptions.py::test_a_failed_job_of_1_9_shows_its_failure",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "no savepoint, stop, checkpoint, disposal or restart: the Web UI has none of them",
        "a on a job, on a savepoint, on an operation; O for what came of it; the commands",
        (
            "tests/live/test_acts.py::test_savepoints_are_taken_and_told_by_flink_too",
            "tests/live/test_acts.py::test_a_savepoint_is_disposed_of",
            "tests/live/test_acts.py::test_a_checkpoint_is_triggered_where_the_release_can",
            "tests/live/test_jars_screen.py::test_a_jar_becomes_a_job_that_goes_on_from_its_savepoint",
            "tests/ui/test_confirm.py::test_a_job_is_stopped_by_keys_alone",
            "tests/ui/test_operations.py::test_a_savepoint_is_followed_from_chip_to_toast_to_list",
        ),
        LIVE,
    ),
    Part(
        "graph of a job: vertices with their figures, edges with strategies, zoom",
        "job ▸ Graph",
        (
            "tests/ui/test_graph.py::test_a_job_is_drawn_with_its_strategies_and_figures",
            "tests/ui/test_graph.py::test_fan_out_and_join_are_drawn_whole_where_they_fit",
            WALK,
        ),
        FIXTURES,
        otherwise="boxes are as large as fits, and a list where they do not; no zoom by hand",
    ),
    Part(
        "graph: busy and backpressured most, skew by rate, lowest watermark",
        "job ▸ Graph and Vertices",
        (
            "tests/live/test_figures.py::test_skew_is_flinks",
            "tests/live/test_figures.py::test_watermarks_and_their_lag_are_flinks",
            "tests/ui/test_graph.py::test_figures_that_never_come_are_not_zero",
        ),
        LIVE,
        otherwise="skew is a column of Vertices; the watermark is told as its lag",
    ),
    Part(
        "graph: heat as colour",
        "job ▸ Graph",
        ("tests/ui/test_graph.py::test_heat_is_a_colour_of_the_frame_and_a_bar",),
        ("1.20.5",),
        (1, 13),
        otherwise="a bar and a number as well, for terminals without colour",
    ),
    Part(
        "pending operators of an adaptive batch job",
        "job, header",
        ("tests/ui/test_skew.py::test_what_an_adaptive_batch_job_has_not_decided_is_shown",),
        ("2.3.0",),
        (2, 0),
        otherwise="their number, not their boxes",
    ),
    Part(
        "a job that does not run yet",
        "job ▸ Graph",
        ("tests/ui/test_graph.py::test_a_job_without_vertices_yet_says_so",),
        ("1.20.5",),
    ),
    Part(
        "table of vertices: state, records, bytes, parallelism, times, tasks; sorted",
        "job ▸ Vertices; vertex ▸ TaskManagers for bytes; job ▸ Timeline for start and duration",
        (
            "tests/live/test_monitor.py::test_rates_are_those_of_flink",
            "tests/ui/test_job.py::test_a_job_opens_with_all_its_vertices",
            "tests/ui/test_timeline.py::test_every_vertex_has_its_stretch_of_time",
            "tests/ui/test_vertex_tabs.py::test_the_vertex_by_taskmanager",
        ),
        FIXTURES,
        otherwise="rates stand beside totals; bytes and times have places of their own",
    ),
    Part(
        "change of a vertex's parallelism",
        "a ▸ change parallelism",
        (
            "tests/ui/test_rescale.py::test_bounds_are_typed_confirmed_and_put",
            "tests/live/test_acts.py::test_the_parallelism_is_changed_where_the_release_can",
        ),
        ("1.20.5", "2.3.0"),
        (1, 18),
    ),
    Part(
        "detail of a vertex: full description, state, parallelism, times, tasks, totals",
        "vertex, header; i for the description",
        (
            "tests/ui/test_vertex_plan.py::test_the_plans_texts_are_shown_as_text",
            "tests/ui/test_vertex.py::test_the_header_shows_state_parallelism_and_the_spread_of_times",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "subtasks: totals, attempt, host, times, accumulated times, durations of states, state",
        "vertex ▸ Subtasks and Metrics; subtask ▸ Attempts",
        (
            NUMBERS,
            "tests/ui/test_vertex.py::test_every_subtask_is_listed_with_flinks_totals",
            "tests/ui/test_subtask.py::test_the_current_attempt_is_shown_with_flinks_data",
            "tests/ui/test_subtask.py::test_states_are_in_order_of_entry_with_their_durations",
        ),
        FIXTURES,
        otherwise="accumulated times are metrics; what they are about stands in the table as a share of now",
    ),
    Part(
        "subtasks together: least, most, mean, sum, percentiles",
        "vertex ▸ Subtasks, below the rows; vertex ▸ Metrics for sums",
        ("tests/ui/test_vertex.py::test_least_mean_and_most_are_what_flink_sums_up",),
        ("1.20.5", "2.3.0"),
        (1, 16),
        otherwise="the 95th percentile alone; no median and quartiles, and none of the durations of states",
    ),
    Part(
        "a vertex by TaskManager, with the way to its log",
        "vertex ▸ TaskManagers, l for the log",
        ("tests/ui/test_vertex_tabs.py::test_the_vertex_by_taskmanager", WALK),
        FIXTURES,
    ),
    Part(
        "watermark of each subtask, raw and as a time in a chosen zone",
        "vertex ▸ Watermarks, t for the zone",
        (
            "tests/live/test_figures.py::test_watermarks_and_their_lag_are_flinks",
            "tests/ui/test_vertex_tabs.py::test_watermarks_are_shown_raw_and_as_times",
        ),
        FIXTURES,
    ),
    Part(
        "accumulators of a vertex and of its subtasks",
        "vertex ▸ Accumulators, subtask ▸ Accumulators, job ▸ Accumulators",
        (
            "tests/ui/test_vertex_tabs.py::test_accumulators_of_a_vertex_and_of_its_subtasks",
            "tests/ui/test_vertex_tabs.py::test_accumulators_of_an_attempt",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "backpressure of each subtask, and its threads",
        "vertex ▸ Backpressure, b up to 1.12, d for the threads",
        (
            "tests/ui/test_vertex_tabs.py::test_backpressure_is_flinks_for_each_subtask",
            "tests/ui/test_vertex_tabs.py::test_up_to_1_12_backpressure_is_only_measured_on_request",
            "tests/live/test_processes.py::test_the_threads_of_a_running_task_are_found",
            WALK,
        ),
        LIVE,
    ),
    Part(
        "metrics of a vertex: found, chosen, drawn",
        "vertex ▸ Metrics, job ▸ Metrics, p to pin",
        (
            "tests/ui/test_metrics_explorer.py::test_every_metric_of_the_job_is_there_with_its_value",
            "tests/ui/test_metrics_explorer.py::test_a_pinned_metric_is_drawn_recorded_and_kept_for_the_next_start",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "flame graph: on CPU, off CPU, all; of one subtask",
        "vertex ▸ Flame graph, subtask ▸ Flame graph, x for the kind",
        (
            "tests/ui/test_flame.py::test_what_real_clusters_have_sampled_is_drawn",
            "tests/ui/test_flame.py::test_x_asks_for_running_and_for_waiting_threads",
            "tests/ui/test_flame.py::test_one_subtask_has_its_own_from_1_17_on",
            WALK,
        ),
        ("1.14.6", "1.20.5", "2.3.0"),
        (1, 13),
    ),
    Part(
        "exceptions: root cause, history with task and place, labels, stack, more of them",
        "job ▸ Exceptions, enter for the stack",
        (
            "tests/ui/test_exceptions.py::test_repeats_are_one_row_with_their_number_and_their_root_cause",
            "tests/ui/test_exceptions.py::test_labels_of_the_clusters_own_enrichers_are_shown",
            "tests/ui/test_exceptions.py::test_a_truncated_history_is_requested_again_with_a_higher_limit",
            "tests/ui/test_processes.py::test_the_taskmanager_of_an_exception_is_opened",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "data skew of all vertices",
        "job ▸ Vertices (of the present rates), vertex, header (of all records)",
        (
            "tests/live/test_figures.py::test_skew_is_flinks",
            "tests/ui/test_skew.py::test_vertices_are_sorted_by_skew",
        ),
        ("1.20.5", "2.3.0"),
        (1, 20),
    ),
    Part(
        "timeline of vertices and of their subtasks",
        "job ▸ Timeline, vertex ▸ Timeline",
        (
            "tests/ui/test_timeline.py::test_every_vertex_has_its_stretch_of_time",
            "tests/ui/test_timeline.py::test_enter_opens_a_vertex_by_its_subtasks_and_closes_it_again",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "checkpoints: counts, the latest of each kind, what it was restored from",
        "checkpoints, header",
        (
            NUMBERS,
            "tests/ui/test_checkpoints.py::test_the_header_has_flinks_own_counts",
            "tests/ui/test_checkpoints.py::test_what_the_job_was_restored_from",
            "tests/ui/test_checkpoints.py::test_why_the_last_one_failed",
        ),
        FIXTURES,
    ),
    Part(
        "checkpoints: history",
        "checkpoints ▸ History",
        (
            NUMBERS,
            "tests/ui/test_checkpoints.py::test_every_checkpoint_of_the_history_is_a_line_with_its_numbers",
        ),
        FIXTURES,
    ),
    Part(
        "checkpoints: summary with percentiles",
        "checkpoints ▸ Summary",
        ("tests/ui/test_checkpoints.py::test_the_summary_is_flinks_own", WALK),
        FIXTURES,
    ),
    Part(
        "checkpoints: configuration",
        "checkpoints ▸ Configuration",
        (
            "tests/ui/test_checkpoints.py::test_every_item_of_the_configuration_is_shown_or_marked_as_missing",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "one checkpoint by vertex and by subtask, with its phases",
        "checkpoint; checkpoint ▸ vertex",
        (
            NUMBERS,
            "tests/ui/test_checkpoint.py::test_a_checkpoint_by_vertex_has_flinks_numbers",
            "tests/ui/test_checkpoint.py::test_a_checkpoint_by_subtask_has_flinks_phases",
        ),
        FIXTURES,
    ),
    Part(
        "configuration of a job: execution and the user's own",
        "job ▸ Configuration",
        ("tests/ui/test_tabs.py::test_the_configuration_of_a_job_is_read_when_its_tab_is_open", WALK),
        FIXTURES,
    ),
    Part(
        "rescales: counts, history with vertices, slots and states, summary, configuration",
        "job ▸ Timeline, job ▸ Configuration",
        (
            "tests/ui/test_timeline.py::test_rescales_are_rows_and_expand_to_what_they_did",
            "tests/ui/test_timeline.py::test_the_configuration_shows_how_an_adaptive_job_rescales",
            "tests/live/test_every_screen.py::test_a_rescale_is_told_where_it_happened",
        ),
        ("2.3.0",),
        (2, 3),
    ),
    Part(
        "list of TaskManagers: heartbeat, slots, tasks, cores, memory; sorted",
        "TaskManagers",
        (
            "tests/ui/test_processes.py::test_taskmanagers_are_listed_with_slots_heap_and_heartbeat",
            "tests/ui/test_processes.py::test_the_worst_comes_first_and_says_why",
            PROCESS_VIEWS,
        ),
        FIXTURES,
        otherwise="cores, data port and the machine's memory stand in the header of each",
    ),
    Part(
        "header of a TaskManager",
        "TaskManager, header",
        (PROCESS_VIEWS, "tests/ui/test_processes.py::test_what_a_release_lacks_is_reported"),
        FIXTURES,
    ),
    Part(
        "memory of a TaskManager by its model, buffers, collectors, slots and what is free",
        "TaskManager ▸ Memory, Charts, Metrics, Slots",
        (
            "tests/live/test_figures.py::test_heap_and_collectors_of_a_taskmanager_are_flinks",
            "tests/ui/test_processes.py::test_the_memory_of_a_taskmanager_is_that_of_its_document",
            "tests/ui/test_processes.py::test_slots_have_the_names_of_their_jobs",
        ),
        FIXTURES,
    ),
    Part(
        "logs, stdout, list of logs, each of them; reload, download",
        "TaskManager and JobManager ▸ Log, Stdout, Log list; F follows, w writes",
        (
            "tests/live/test_processes.py::test_a_log_that_grows_is_followed",
            "tests/ui/test_logs.py::test_a_file_of_the_list_is_opened",
            "tests/ui/test_logs.py::test_a_level_and_a_text_leave_whole_entries",
            WALK,
        ),
        LIVE,
        otherwise="of a large log its end; the whole of it is not downloaded",
    ),
    Part(
        "thread dumps, with the threads of a task found in them",
        "TaskManager and JobManager ▸ Threads",
        (
            "tests/live/test_processes.py::test_the_threads_of_a_running_task_are_found",
            "tests/ui/test_processes.py::test_the_threads_of_a_task_are_found_from_its_subtask",
            WALK,
        ),
        ("1.14.6", "1.20.5", "2.3.0"),
        (1, 11),
    ),
    Part(
        "profiler: start a run, list of runs, their files",
        "TaskManager and JobManager ▸ Profiler, P starts, enter saves",
        (
            "tests/live/test_processes.py::test_a_profile_is_taken_and_saved",
            "tests/ui/test_processes.py::test_where_the_profiler_is_off_the_setting_is_named",
        ),
        ("1.20.5", "2.3.0"),
        (1, 19),
    ),
    Part(
        "metrics of the JobManager",
        "JobManager ▸ Memory, Charts, Metrics",
        (
            "tests/live/test_processes.py::test_the_jobmanager_is_reached_on_a_small_terminal",
            "tests/ui/test_processes.py::test_every_tab_of_the_jobmanager_shows_something",
            WALK,
        ),
        FIXTURES,
    ),
    Part(
        "configuration of the cluster, the JVM, the class path",
        "JobManager ▸ Configuration",
        (
            "tests/ui/test_processes.py::test_the_clusters_configuration_is_searched",
            "tests/live/test_processes.py::test_the_jobmanager_is_reached_on_a_small_terminal",
        ),
        FIXTURES,
    ),
    Part(
        "jars: list, upload with progress, delete, plan, run with options",
        "jars, a ▸ upload, run, plan, delete",
        (
            "tests/live/test_jars_screen.py::test_a_jar_becomes_a_job_that_goes_on_from_its_savepoint",
            "tests/ui/test_upload.py::test_a_jar_is_found_by_tab_sent_and_run",
            "tests/ui/test_run_jar.py::test_what_is_typed_reaches_the_cluster",
            "tests/ui/test_run_jar.py::test_a_plan_is_drawn_before_anything_runs",
            "tests/live/test_acts.py::test_jars_come_and_go",
        ),
        LIVE,
    ),
    Part(
        "a job that a HistoryServer keeps: the configuration of its cluster, links to logs",
        "job ▸ Configuration",
        (HISTORY, "tests/ui/test_jars.py::test_a_history_server_shows_the_cluster_a_job_ran_on"),
        ("1.20.5", "2.3.0"),
    ),
)
