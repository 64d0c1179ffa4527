import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.ExecutionMode;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.restartstrategy.RestartStrategies;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.DataSet;
import org.apache.flink.api.java.ExecutionEnvironment;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.io.DiscardingOutputFormat;
import org.apache.flink.api.java.operators.FlatMapOperator;
import org.apache.flink.api.java.typeutils.ValueTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.TimeCharacteristic;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.RichCoFlatMapFunction;
import org.apache.flink.streaming.api.functions.sink.RichSinkFunction;
import org.apache.flink.streaming.api.functions.source.RichParallelSourceFunction;
import org.apache.flink.streaming.api.functions.timestamps.BoundedOutOfOrdernessTimestampExtractor;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingProcessingTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.time.Time;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * A job that is ill, or only looks so, as its arguments say. See README.md.
 *
 * <p>Compiled against Flink 1.9.3 it runs on every later 1.x, so it uses only what did not change its
 * signature in between (RuntimeContext.getMetricGroup did: it is called by its name).
 */
public final class JudgedJob {

    public static void main(String[] words) throws Exception {
        Map<String, String> options = new HashMap<>();
        List<JudgedStage> stages = new ArrayList<>();
        for (int at = 0; at < words.length; at++) {
            if (words[at].startsWith("--")) {
                options.put(words[at].substring(2), words[++at]);
            } else {
                stages.add(new JudgedStage(words[at]));
            }
        }
        int restarts = Integer.parseInt(options.getOrDefault("restarts", "1000"));
        RestartStrategies.RestartStrategyConfiguration strategy =
                restarts == 0
                        ? RestartStrategies.noRestart()
                        : RestartStrategies.fixedDelayRestart(
                                restarts,
                                org.apache.flink.api.common.time.Time.of(
                                        Long.parseLong(options.getOrDefault("delay", "1000")),
                                        TimeUnit.MILLISECONDS));
        int parallelism = Integer.parseInt(options.getOrDefault("parallelism", "2"));
        String name = options.getOrDefault("name", "judged");
        if (options.containsKey("batch")) {
            ExecutionEnvironment env = ExecutionEnvironment.getExecutionEnvironment();
            env.setParallelism(parallelism);
            env.setRestartStrategy(strategy);
            env.getConfig().setExecutionMode(ExecutionMode.BATCH_FORCED);
            batch(env, stages);
            env.execute(name);
            return;
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(parallelism);
        env.setRestartStrategy(strategy);
        env.setStreamTimeCharacteristic(TimeCharacteristic.EventTime);
        long interval = Long.parseLong(options.getOrDefault("checkpoint", "30000"));
        if (interval > 0) {
            env.enableCheckpointing(interval);
            env.getCheckpointConfig()
                    .setCheckpointTimeout(Long.parseLong(options.getOrDefault("timeout", "600000")));
            env.getCheckpointConfig()
                    .setTolerableCheckpointFailureNumber(Integer.parseInt(options.getOrDefault("tolerate", "0")));
        }
        Map<String, DataStream<JudgedStage.Event>> streams = new LinkedHashMap<>();
        DataStream<JudgedStage.Event> last = null;
        for (JudgedStage stage : stages) {
            List<DataStream<JudgedStage.Event>> inputs = new ArrayList<>();
            if (stage.has("from")) {
                for (String id : stage.text("from", "").split("\\+")) {
                    inputs.add(streams.get(id));
                }
            } else if (last != null) {
                inputs.add(last);
            }
            last = add(env, stage, inputs);
            streams.put(stage.id(), last);
        }
        env.execute(name);
    }

    private static DataStream<JudgedStage.Event> add(
            StreamExecutionEnvironment env, JudgedStage stage, List<DataStream<JudgedStage.Event>> inputs) {
        SingleOutputStreamOperator<JudgedStage.Event> made;
        KeySelector<JudgedStage.Event, String> key = new ByKey();
        if (stage.kind.equals("source")) {
            made = env.addSource(new Feed(stage), stage.name).returns(JudgedStage.Event.class);
        } else if (stage.kind.equals("join")) {
            made =
                    inputs.get(0)
                            .keyBy(key)
                            .connect(inputs.get(1).keyBy(key))
                            .flatMap(new Join(stage.conduct()))
                            .returns(JudgedStage.Event.class);
        } else if (stage.kind.endsWith("window")) {
            Time size = Time.milliseconds((long) stage.number("size", 5000));
            WindowAssigner<Object, TimeWindow> windows =
                    stage.kind.equals("window")
                            ? TumblingEventTimeWindows.of(size)
                            : TumblingProcessingTimeWindows.of(size);
            made = inputs.get(0).keyBy(key).window(windows).reduce((one, other) -> other);
            return stage.name.equals("-") ? made : made.name(stage.name);
        } else {
            DataStream<JudgedStage.Event> input = inputs.get(0);
            for (DataStream<JudgedStage.Event> other : inputs.subList(1, inputs.size())) {
                input = input.union(other);
            }
            String by = stage.text("by", stage.kind.equals("sink") ? "chain" : "hash");
            input = by.equals("hash") ? input.keyBy(key) : by.equals("rebalance") ? input.rebalance() : input;
            if (stage.kind.equals("sink")) {
                DataStreamSink<JudgedStage.Event> sink = input.addSink(new Write(stage)).name(stage.name);
                if (by.equals("forward")) {
                    sink.disableChaining();
                }
                return null;
            }
            made = input.flatMap(new Work(stage.conduct())).returns(JudgedStage.Event.class);
            if (by.equals("forward")) {
                made.startNewChain();
            }
        }
        made.name(stage.name);
        if (stage.has("p")) {
            made.setParallelism((int) stage.number("p", 1));
        }
        if (stage.has("group")) {
            made.slotSharingGroup(stage.text("group", "default"));
        }
        // A source that marks a part idle makes its watermarks itself: an assigner after it would not pass that on.
        if (stage.has("wm") && !stage.has("idle")) {
            return made.assignTimestampsAndWatermarks(new Times((long) (stage.number("wm", 1) * 1000)))
                    .name("times");
        }
        return made;
    }

    private static void batch(ExecutionEnvironment env, List<JudgedStage> stages) {
        DataSet<JudgedStage.Event> last = null;
        for (JudgedStage stage : stages) {
            if (stage.kind.equals("source")) {
                long records = (long) stage.number("records", 1000) * env.getParallelism();
                last =
                        env.generateSequence(1, records)
                                .name(stage.name)
                                .flatMap(new Numbered(stage))
                                .returns(JudgedStage.Event.class)
                                .name("read");
                continue;
            }
            FlatMapOperator<JudgedStage.Event, JudgedStage.Event> work =
                    (stage.text("by", "hash").equals("rebalance")
                                    ? last.rebalance()
                                    : last.partitionByHash(new ByKey()))
                            .flatMap(new Work(stage.conduct()));
            last = work.returns(JudgedStage.Event.class).name(stage.name);
        }
        last.output(new DiscardingOutputFormat<>()).name("nowhere");
    }

    private static final class ByKey implements KeySelector<JudgedStage.Event, String> {
        @Override
        public String getKey(JudgedStage.Event event) {
            return event.key;
        }
    }

    private static final class Times extends BoundedOutOfOrdernessTimestampExtractor<JudgedStage.Event> {
        Times(long millis) {
            super(Time.milliseconds(millis));
        }

        @Override
        public long extractTimestamp(JudgedStage.Event event) {
            return event.time;
        }
    }

    /** The records of a batch job, as slowly as they would come. */
    private static final class Numbered extends RichFlatMapFunction<Long, JudgedStage.Event> {
        private final JudgedStage stage;
        private transient long began;
        private transient long emitted;
        private transient String padding;

        Numbered(JudgedStage stage) {
            this.stage = stage;
        }

        @Override
        public void open(Configuration parameters) {
            began = System.currentTimeMillis();
            padding = stage.padding();
        }

        @Override
        public void flatMap(Long number, Collector<JudgedStage.Event> out) throws Exception {
            while (emitted >= stage.due((System.currentTimeMillis() - began) / 1000.0)) {
                Thread.sleep(20);
            }
            out.collect(stage.event(0, emitted++, began, padding));
        }
    }

    /** A stage with one input. */
    private static final class Work extends RichFlatMapFunction<JudgedStage.Event, JudgedStage.Event>
            implements CheckpointedFunction {
        private final JudgedStage.Conduct conduct;
        private transient ListState<JudgedStage.Burden> burdens;
        private transient ListState<byte[]> kept;

        Work(JudgedStage.Conduct conduct) {
            this.conduct = conduct;
        }

        @Override
        public void open(Configuration parameters) {
            conduct.open(
                    getRuntimeContext().getIndexOfThisSubtask(), getRuntimeContext().getAttemptNumber());
        }

        @Override
        public void flatMap(JudgedStage.Event event, Collector<JudgedStage.Event> out) throws Exception {
            conduct.take(event);
            int bytes = conduct.kept();
            if (bytes > 0) {
                kept.add(new byte[bytes]);
            }
            out.collect(event);
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            burdens =
                    context.getOperatorStateStore()
                            .getListState(
                                    new ListStateDescriptor<>(
                                            "burden", new ValueTypeInfo<>(JudgedStage.Burden.class)));
            kept =
                    context.getOperatorStateStore()
                            .getListState(
                                    new ListStateDescriptor<>(
                                            "kept", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            burdens.clear();
            burdens.add(conduct.burden(context.getCheckpointId()));
        }
    }

    /** A stage with two inputs. */
    private static final class Join
            extends RichCoFlatMapFunction<JudgedStage.Event, JudgedStage.Event, JudgedStage.Event> {
        private final JudgedStage.Conduct conduct;

        Join(JudgedStage.Conduct conduct) {
            this.conduct = conduct;
        }

        @Override
        public void open(Configuration parameters) {
            conduct.open(
                    getRuntimeContext().getIndexOfThisSubtask(), getRuntimeContext().getAttemptNumber());
        }

        @Override
        public void flatMap1(JudgedStage.Event event, Collector<JudgedStage.Event> out) throws Exception {
            conduct.take(event);
            out.collect(event);
        }

        @Override
        public void flatMap2(JudgedStage.Event event, Collector<JudgedStage.Event> out) throws Exception {
            flatMap1(event, out);
        }
    }

    /** A sink that keeps nothing. */
    private static final class Write extends RichSinkFunction<JudgedStage.Event> {
        private final JudgedStage.Conduct conduct;

        Write(JudgedStage stage) {
            this.conduct = stage.conduct();
        }

        @Override
        public void open(Configuration parameters) {
            conduct.open(
                    getRuntimeContext().getIndexOfThisSubtask(), getRuntimeContext().getAttemptNumber());
        }

        @Override
        public void invoke(JudgedStage.Event event, Context context) throws Exception {
            conduct.take(event);
        }
    }

    /** A source of timed records, one part for each subtask. */
    private static final class Feed extends RichParallelSourceFunction<JudgedStage.Event> {
        private final JudgedStage stage;
        private final JudgedStage.Conduct conduct;
        private volatile boolean cancelled;
        private transient volatile long emitted;
        private transient long began;

        Feed(JudgedStage stage) {
            this.stage = stage;
            this.conduct = stage.conduct();
        }

        @Override
        public void open(Configuration parameters) {
            conduct.open(
                    getRuntimeContext().getIndexOfThisSubtask(), getRuntimeContext().getAttemptNumber());
            began = System.currentTimeMillis();
            if (stage.has("grow")) {
                metrics()
                        .gauge(
                                "pendingRecords",
                                (Gauge<Long>) () -> Math.max(0, (long) stage.available(seconds()) - emitted));
            }
        }

        /** Its type is another one from 1.14 on, so that a call compiled against 1.9 would not find it. */
        private MetricGroup metrics() {
            try {
                return (MetricGroup)
                        RuntimeContext.class.getMethod("getMetricGroup").invoke(getRuntimeContext());
            } catch (ReflectiveOperationException missing) {
                throw new IllegalStateException(missing);
            }
        }

        private double seconds() {
            return (System.currentTimeMillis() - began) / 1000.0;
        }

        @Override
        public void run(SourceContext<JudgedStage.Event> context) throws Exception {
            int subtask = getRuntimeContext().getIndexOfThisSubtask();
            String padding = stage.padding();
            Counter errors = stage.has("errors") ? metrics().counter("numRecordsInErrors") : null;
            long most = (long) stage.number("records", Long.MAX_VALUE);
            boolean silent = stage.lists("silent", subtask);
            if (silent && stage.has("idle")) {
                context.markAsTemporarilyIdle();
            }
            while (!cancelled && emitted < most) {
                while (!silent && !cancelled && emitted < stage.due(seconds())) {
                    JudgedStage.Event event = stage.event(subtask, emitted, began, padding);
                    synchronized (context.getCheckpointLock()) {
                        conduct.take(event);
                        if (stage.has("stamped") || stage.has("idle")) {
                            context.collectWithTimestamp(event, event.time);
                        } else {
                            context.collect(event);
                        }
                        if (stage.has("idle")) {
                            context.emitWatermark(
                                    new Watermark(event.time - (long) (stage.number("wm", 1) * 1000)));
                        }
                        emitted++;
                    }
                    if (errors != null && stage.errs(emitted, seconds())) {
                        errors.inc();
                    }
                }
                Thread.sleep(20);
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }
}
