import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.typeutils.ValueTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.CoFlatMapFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingProcessingTimeWindows;
import org.apache.flink.util.Collector;

/** A job that is ill, or only looks so, as its arguments say: JudgedJob for Flink 2.x. See README.md. */
public final class JudgedJob2 {

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
        Configuration settings = new Configuration();
        int restarts = Integer.parseInt(options.getOrDefault("restarts", "1000"));
        settings.setString("restart-strategy.type", restarts > 0 ? "fixed-delay" : "none");
        settings.setString("restart-strategy.fixed-delay.attempts", String.valueOf(restarts));
        settings.setString("restart-strategy.fixed-delay.delay", options.getOrDefault("delay", "1000") + " ms");
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        env.setParallelism(Integer.parseInt(options.getOrDefault("parallelism", "2")));
        if (options.containsKey("batch")) {
            env.setRuntimeMode(RuntimeExecutionMode.BATCH);
        }
        long interval = Long.parseLong(options.getOrDefault("checkpoint", "30000"));
        if (interval > 0 && !options.containsKey("batch")) {
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
        env.execute(options.getOrDefault("name", "judged"));
    }

    private static DataStream<JudgedStage.Event> add(
            StreamExecutionEnvironment env, JudgedStage stage, List<DataStream<JudgedStage.Event>> inputs) {
        SingleOutputStreamOperator<JudgedStage.Event> made;
        KeySelector<JudgedStage.Event, String> key = new ByKey();
        if (stage.kind.equals("source")) {
            made = env.fromSource(new Feed(stage), times(stage), stage.name);
        } else if (stage.kind.equals("join")) {
            made =
                    inputs.get(0)
                            .keyBy(key)
                            .connect(inputs.get(1).keyBy(key))
                            .flatMap(new Join(stage.conduct()))
                            .returns(JudgedStage.Event.class);
        } else if (stage.kind.endsWith("window")) {
            Duration size = Duration.ofMillis((long) stage.number("size", 5000));
            made =
                    inputs.get(0)
                            .keyBy(key)
                            .window(
                                    stage.kind.equals("window")
                                            ? TumblingEventTimeWindows.of(size)
                                            : TumblingProcessingTimeWindows.of(size))
                            .reduce((one, other) -> other);
            return stage.name.equals("-") ? made : made.name(stage.name);
        } else {
            DataStream<JudgedStage.Event> input = inputs.get(0);
            for (DataStream<JudgedStage.Event> other : inputs.subList(1, inputs.size())) {
                input = input.union(other);
            }
            String by = stage.text("by", stage.kind.equals("sink") ? "chain" : "hash");
            input = by.equals("hash") ? input.keyBy(key) : by.equals("rebalance") ? input.rebalance() : input;
            if (stage.kind.equals("sink")) {
                var sink = input.sinkTo(new Write(stage)).name(stage.name);
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
        return made;
    }

    private static WatermarkStrategy<JudgedStage.Event> times(JudgedStage stage) {
        if (!stage.has("wm")) {
            return WatermarkStrategy.noWatermarks();
        }
        WatermarkStrategy<JudgedStage.Event> strategy =
                WatermarkStrategy.<JudgedStage.Event>forBoundedOutOfOrderness(
                                Duration.ofMillis((long) (stage.number("wm", 1) * 1000)))
                        .withTimestampAssigner((event, before) -> event.time);
        return stage.has("idle")
                ? strategy.withIdleness(Duration.ofMillis((long) (stage.number("idle", 5) * 1000)))
                : strategy;
    }

    private static final class ByKey implements KeySelector<JudgedStage.Event, String> {
        @Override
        public String getKey(JudgedStage.Event event) {
            return event.key;
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
        public void open(OpenContext context) {
            conduct.open(
                    getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(),
                    getRuntimeContext().getTaskInfo().getAttemptNumber());
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
    private static final class Join extends org.apache.flink.streaming.api.functions.co.RichCoFlatMapFunction<
                    JudgedStage.Event, JudgedStage.Event, JudgedStage.Event>
            implements CoFlatMapFunction<JudgedStage.Event, JudgedStage.Event, JudgedStage.Event> {
        private final JudgedStage.Conduct conduct;

        Join(JudgedStage.Conduct conduct) {
            this.conduct = conduct;
        }

        @Override
        public void open(OpenContext context) {
            conduct.open(
                    getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(),
                    getRuntimeContext().getTaskInfo().getAttemptNumber());
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

    /** A sink that keeps nothing; each `errors`th record is counted as one that could not be sent. */
    private static final class Write implements Sink<JudgedStage.Event> {
        private final JudgedStage stage;

        Write(JudgedStage stage) {
            this.stage = stage;
        }

        @Override
        public SinkWriter<JudgedStage.Event> createWriter(WriterInitContext context) {
            JudgedStage.Conduct conduct = stage.conduct();
            conduct.open(
                    context.getTaskInfo().getIndexOfThisSubtask(), context.getTaskInfo().getAttemptNumber());
            Counter errors = context.metricGroup().getNumRecordsSendErrorsCounter();
            return new SinkWriter<>() {
                private long written;

                @Override
                public void write(JudgedStage.Event event, Context more) throws InterruptedException {
                    try {
                        conduct.take(event);
                    } catch (InterruptedException | RuntimeException thrown) {
                        throw thrown;
                    } catch (Exception thrown) {
                        throw new IllegalStateException("the warehouse does not answer", thrown);
                    }
                    if (stage.errs(++written, 0)) {
                        errors.inc();
                    }
                }

                @Override
                public void flush(boolean end) {}

                @Override
                public void close() {}
            };
        }
    }

    /** One part of what a source reads; emitted so far. */
    private static final class Part implements SourceSplit {
        private final int number;
        private long emitted;

        Part(int number, long emitted) {
            this.number = number;
            this.emitted = emitted;
        }

        @Override
        public String splitId() {
            return String.valueOf(number);
        }
    }

    /** A source of timed records: `splits` parts, by default one for each subtask, part N at subtask N. */
    private static final class Feed implements Source<JudgedStage.Event, Part, Integer> {
        private final JudgedStage stage;

        Feed(JudgedStage stage) {
            this.stage = stage;
        }

        @Override
        public Boundedness getBoundedness() {
            return stage.has("records") ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
        }

        @Override
        public SplitEnumerator<Part, Integer> createEnumerator(SplitEnumeratorContext<Part> context) {
            return new Assigner(stage, context);
        }

        @Override
        public SplitEnumerator<Part, Integer> restoreEnumerator(
                SplitEnumeratorContext<Part> context, Integer state) {
            return new Assigner(stage, context);
        }

        @Override
        public SimpleVersionedSerializer<Part> getSplitSerializer() {
            return new SimpleVersionedSerializer<>() {
                @Override
                public int getVersion() {
                    return 1;
                }

                @Override
                public byte[] serialize(Part part) {
                    return ByteBuffer.allocate(12).putInt(part.number).putLong(part.emitted).array();
                }

                @Override
                public Part deserialize(int version, byte[] bytes) {
                    ByteBuffer buffer = ByteBuffer.wrap(bytes);
                    return new Part(buffer.getInt(), buffer.getLong());
                }
            };
        }

        @Override
        public SimpleVersionedSerializer<Integer> getEnumeratorCheckpointSerializer() {
            return new SimpleVersionedSerializer<>() {
                @Override
                public int getVersion() {
                    return 1;
                }

                @Override
                public byte[] serialize(Integer state) {
                    return new byte[0];
                }

                @Override
                public Integer deserialize(int version, byte[] bytes) {
                    return 0;
                }
            };
        }

        @Override
        public SourceReader<JudgedStage.Event, Part> createReader(SourceReaderContext context) {
            return new Reader(stage, context);
        }
    }

    /** Hands the parts to the readers; a reader that was restored has its own already. */
    private static final class Assigner implements SplitEnumerator<Part, Integer> {
        private final JudgedStage stage;
        private final SplitEnumeratorContext<Part> context;

        Assigner(JudgedStage stage, SplitEnumeratorContext<Part> context) {
            this.stage = stage;
            this.context = context;
        }

        @Override
        public void start() {}

        @Override
        public void handleSplitRequest(int subtask, String host) {}

        @Override
        public void addSplitsBack(List<Part> parts, int subtask) {}

        @Override
        public void addReader(int subtask) {
            int readers = context.currentParallelism();
            for (int part = subtask; part < stage.number("splits", readers); part += readers) {
                context.assignSplit(new Part(part, 0), subtask);
            }
            if (stage.has("records")) {
                context.signalNoMoreSplits(subtask);
            }
        }

        @Override
        public Integer snapshotState(long checkpoint) {
            return 0;
        }

        @Override
        public void close() {}
    }

    /** Emits what is due, and sleeps in between without holding up its task. */
    private static final class Reader implements SourceReader<JudgedStage.Event, Part> {
        private final JudgedStage stage;
        private final SourceReaderContext context;
        private final JudgedStage.Conduct conduct;
        private final String padding;
        private final Map<Integer, Part> parts = new LinkedHashMap<>();
        private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
        private final long began = System.currentTimeMillis();
        private CompletableFuture<Void> more = CompletableFuture.completedFuture(null);
        private boolean all;
        private long emitted;

        Reader(JudgedStage stage, SourceReaderContext context) {
            this.stage = stage;
            this.context = context;
            this.conduct = stage.conduct();
            this.padding = stage.padding();
        }

        @Override
        public void start() {
            conduct.open(context.getIndexOfSubtask(), 0);
            if (stage.has("grow")) {
                context.metricGroup().setPendingRecordsGauge(this::pending);
            }
        }

        private long pending() {
            return Math.max(0, (long) stage.available(seconds()) - emitted);
        }

        private double seconds() {
            return (System.currentTimeMillis() - began) / 1000.0;
        }

        @Override
        public InputStatus pollNext(ReaderOutput<JudgedStage.Event> output) throws Exception {
            boolean ended = all;
            for (Part part : parts.values()) {
                // Each part has a watermark of its own, also one that is silent.
                var own = output.createOutputForSplit(part.splitId());
                ended &= part.emitted >= stage.number("records", Long.MAX_VALUE);
                if (!stage.lists("silent", part.number) && part.emitted < stage.due(seconds())) {
                    JudgedStage.Event event = stage.event(part.number, part.emitted, began, padding);
                    conduct.take(event);
                    own.collect(event, event.time);
                    part.emitted++;
                    emitted++;
                    if (stage.errs(emitted, seconds())) {
                        context.metricGroup().getNumRecordsInErrorsCounter().inc();
                    }
                    // The next part's turn.
                    parts.remove(part.number);
                    parts.put(part.number, part);
                    return InputStatus.MORE_AVAILABLE;
                }
            }
            if (ended && !parts.isEmpty()) {
                return InputStatus.END_OF_INPUT;
            }
            if (more.isDone()) {
                CompletableFuture<Void> next = new CompletableFuture<>();
                clock.schedule(() -> next.complete(null), 20, TimeUnit.MILLISECONDS);
                more = next;
            }
            return InputStatus.NOTHING_AVAILABLE;
        }

        @Override
        public List<Part> snapshotState(long checkpoint) {
            List<Part> copies = new ArrayList<>();
            for (Part part : parts.values()) {
                copies.add(new Part(part.number, part.emitted));
            }
            return copies;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return more;
        }

        @Override
        public void addSplits(List<Part> given) {
            // `emitted` counts from the start of this reader, like the time that makes records due.
            given.forEach(
                    part ->
                            parts.putIfAbsent(
                                    part.number,
                                    new Part(part.number, stage.has("records") ? part.emitted : 0)));
        }

        @Override
        public void notifyNoMoreSplits() {
            all = true;
        }

        @Override
        public void close() {
            clock.shutdownNow();
        }
    }
}
