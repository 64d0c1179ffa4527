import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.api.common.accumulators.IntCounter;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.restartstrategy.RestartStrategies;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.time.Time;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.ExecutionEnvironment;
import org.apache.flink.api.java.io.DiscardingOutputFormat;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.utils.ParameterTool;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.CheckpointingMode;
import org.apache.flink.streaming.api.TimeCharacteristic;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.CheckpointConfig.ExternalizedCheckpointCleanup;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.RichSinkFunction;
import org.apache.flink.streaming.api.functions.source.RichParallelSourceFunction;
import org.apache.flink.streaming.api.functions.timestamps.BoundedOutOfOrdernessTimestampExtractor;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.util.Collector;

/**
 * One job for tests, in five behaviours: --kind steady, slow, failing, finishing or batch.
 *
 * <p>Compiled against Flink 1.9.3 it runs on every later 1.x, so it uses only what did not change its
 * signature in between (RuntimeContext.getMetricGroup, for one, did).
 */
public final class TestJob {

    /** What the job reads. The padding makes a record about as large as a real one. */
    public static final class Event {
        public String user;
        public long time;
        public String padding;
    }

    /** How many events a user had in a window. */
    public static final class Count {
        public String user;
        public long events;
    }

    public static void main(String[] words) throws Exception {
        ParameterTool arguments = ParameterTool.fromArgs(words);
        String kind = arguments.get("kind", "steady");
        if (kind.equals("batch")) {
            batch(arguments);
            return;
        }
        int parallelism = arguments.getInt("parallelism", 2);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(parallelism);
        env.setStreamTimeCharacteristic(TimeCharacteristic.EventTime);
        env.getConfig().setGlobalJobParameters(arguments);
        env.setRestartStrategy(
                RestartStrategies.fixedDelayRestart(
                        arguments.getInt("restarts", Integer.MAX_VALUE),
                        Time.seconds(arguments.getLong("restart-delay", 3))));
        long checkpoint = arguments.getLong("checkpoint", 5000);
        if (checkpoint > 0) {
            env.enableCheckpointing(checkpoint, CheckpointingMode.EXACTLY_ONCE);
            env.getCheckpointConfig()
                    .enableExternalizedCheckpoints(ExternalizedCheckpointCleanup.DELETE_ON_CANCELLATION);
        }
        long rate = arguments.getLong("rate", 500);
        long records = arguments.getLong("records", kind.equals("finishing") ? 5000 : Long.MAX_VALUE);
        int padding = arguments.getInt("padding", kind.equals("slow") ? 1000 : 40);
        DataStream<Event> events =
                env.addSource(new Events(rate, records, padding), "events [v1] 事件")
                        .uid("events")
                        .rebalance()
                        .map(new Parse())
                        .name("parse <i>json</i>")
                        .uid("parse")
                        .assignTimestampsAndWatermarks(new Times())
                        .uid("times");
        if (kind.equals("slow")) {
            events.keyBy(event -> event.user)
                    .process(new Lookup(arguments.getLong("millis", 5)))
                    .name("lookup [db=\"users\"] 遅い照会")
                    .uid("lookup")
                    .addSink(new Nowhere<>())
                    .name("nowhere [sink]");
        } else {
            if (kind.equals("failing")) {
                events = events.map(new Risky(arguments.getLong("fail-after", 45))).name("risky [red]").uid("risky");
            }
            events.keyBy(event -> event.user)
                    .process(new Lookup(0))
                    .name("enrich & keep")
                    .uid("enrich")
                    .keyBy(event -> event.user)
                    .window(
                            TumblingEventTimeWindows.of(
                                    org.apache.flink.streaming.api.windowing.time.Time.seconds(5)))
                    .aggregate(new PerUser())
                    .name("count per user [v1]")
                    .uid("count")
                    .map(new Same<>())
                    .name("<b>dedupe</b>")
                    .uid("dedupe")
                    .returns(Count.class)
                    .addSink(new Nowhere<>())
                    .name("nowhere [sink]")
                    .setParallelism(1);
        }
        env.execute(arguments.get("name", kind + " [test] <b>作业</b>"));
    }

    private static void batch(ParameterTool arguments) throws Exception {
        ExecutionEnvironment env = ExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(arguments.getInt("parallelism", 2));
        env.generateSequence(1, arguments.getLong("records", 5000))
                .name("numbers [v1] 数字")
                .map(number -> Tuple2.of(number % 10, 1L))
                .returns(Types.TUPLE(Types.LONG, Types.LONG))
                .name("<b>digit</b> & one")
                .groupBy(0)
                .sum(1)
                .name("sum per digit")
                .output(new DiscardingOutputFormat<>())
                .name("nowhere [sink]");
        env.execute(arguments.get("name", "batch [test] <b>作业</b>"));
    }

    /** Emits `rate` events a second over all subtasks, timed as they should have been sent, not as they were. */
    private static final class Events extends RichParallelSourceFunction<Event> implements CheckpointedFunction {
        private final long rate;
        private final long records;
        private final String padding;
        private volatile boolean cancelled;
        private transient ListState<Long> kept;
        private long sent;

        Events(long rate, long records, int padding) {
            this.rate = rate;
            this.records = records;
            StringBuilder text = new StringBuilder();
            while (text.length() < padding) {
                text.append('.');
            }
            this.padding = text.toString();
        }

        @Override
        public void run(SourceContext<Event> context) throws Exception {
            int subtasks = getRuntimeContext().getNumberOfParallelSubtasks();
            double perMillisecond = rate / 1000.0 / subtasks;
            long most = records / subtasks;
            long before = sent;
            long start = System.currentTimeMillis();
            while (!cancelled && sent < most) {
                long due = (long) ((System.currentTimeMillis() - start) * perMillisecond);
                while (!cancelled && sent - before < due && sent < most) {
                    Event event = new Event();
                    event.user = "user-" + ThreadLocalRandom.current().nextInt(100);
                    event.time = start + (long) ((sent - before) / perMillisecond);
                    event.padding = padding;
                    synchronized (context.getCheckpointLock()) {
                        context.collect(event);
                        sent++;
                    }
                }
                Thread.sleep(20);
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            kept.clear();
            kept.add(sent);
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            kept = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("sent", Long.class));
            for (Long value : kept.get()) {
                sent += value;
            }
        }
    }

    /** Counts what goes by in accumulators. */
    private static final class Parse extends RichMapFunction<Event, Event> {
        private final IntCounter parsed = new IntCounter();

        @Override
        public void open(Configuration parameters) {
            getRuntimeContext().addAccumulator("parsed [n] 件数", parsed);
        }

        @Override
        public Event map(Event event) {
            parsed.add(1);
            return event;
        }
    }

    private static final class Times extends BoundedOutOfOrdernessTimestampExtractor<Event> {
        Times() {
            super(org.apache.flink.streaming.api.windowing.time.Time.seconds(1));
        }

        @Override
        public long extractTimestamp(Event event) {
            return event.time;
        }
    }

    /** Keeps a count per user, and takes its time about it. */
    private static final class Lookup extends KeyedProcessFunction<String, Event, Event> {
        private final long millis;
        private transient ValueState<Long> seen;

        Lookup(long millis) {
            this.millis = millis;
        }

        @Override
        public void open(Configuration parameters) {
            seen = getRuntimeContext().getState(new ValueStateDescriptor<>("seen", Long.class));
        }

        @Override
        public void processElement(Event event, Context context, Collector<Event> out) throws Exception {
            Long before = seen.value();
            seen.update(before == null ? 1 : before + 1);
            if (millis > 0) {
                Thread.sleep(millis);
            }
            out.collect(event);
        }
    }

    /** Fails in its last subtask when it has run for some seconds. */
    private static final class Risky extends RichMapFunction<Event, Event> {
        private final long seconds;
        private transient long since;

        Risky(long seconds) {
            this.seconds = seconds;
        }

        @Override
        public void open(Configuration parameters) {
            since = System.nanoTime();
        }

        @Override
        public Event map(Event event) {
            int last = getRuntimeContext().getNumberOfParallelSubtasks() - 1;
            if (getRuntimeContext().getIndexOfThisSubtask() == last
                    && System.nanoTime() - since > seconds * 1_000_000_000L) {
                try {
                    Integer.parseInt("twelve [red]");
                } catch (NumberFormatException cause) {
                    throw new IllegalStateException("cannot read amount of \"" + event.user + "\" [bold]壊れた[/]", cause);
                }
            }
            return event;
        }
    }

    private static final class PerUser implements AggregateFunction<Event, Count, Count> {
        @Override
        public Count createAccumulator() {
            return new Count();
        }

        @Override
        public Count add(Event event, Count count) {
            count.user = event.user;
            count.events++;
            return count;
        }

        @Override
        public Count getResult(Count count) {
            return count;
        }

        @Override
        public Count merge(Count left, Count right) {
            left.events += right.events;
            return left;
        }
    }

    private static final class Same<T> implements MapFunction<T, T> {
        @Override
        public T map(T value) {
            return value;
        }
    }

    private static final class Nowhere<T> extends RichSinkFunction<T> {
        @Override
        public void invoke(T value) {}
    }

    private TestJob() {}
}
