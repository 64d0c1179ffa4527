import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.typeutils.GenericTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.AsyncFunction;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.time.Time;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.util.Collector;

/**
 * A job that fails as well-known failures do: {@code KIND key=value …}, see README.md.
 *
 * <p>Compiled against 1.14 with what 1.9 to 2.3 have in common, so that one jar runs on all of them.
 */
public final class FailingJob {

    public static void main(String[] words) throws Exception {
        String kind = words[0];
        if (kind.equals("sql")) {
            Sql.run(Arrays.asList(words).subList(1, words.length));
            return;
        }
        if (kind.equals("sizes")) {
            Sizes.derive();
            return;
        }
        Map<String, String> given = new HashMap<>();
        for (String word : Arrays.asList(words).subList(1, words.length)) {
            String[] pair = word.split("=", 2);
            given.put(pair[0], pair[1]);
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(Integer.parseInt(given.getOrDefault("parallelism", "1")));
        if (given.containsKey("max")) {
            env.setMaxParallelism(Integer.parseInt(given.get("max")));
        }
        long interval = Long.parseLong(given.getOrDefault("checkpoint", "0"));
        if (interval > 0) {
            env.enableCheckpointing(interval);
            env.getCheckpointConfig().setCheckpointTimeout(Long.parseLong(given.getOrDefault("timeout", "60000")));
            env.getCheckpointConfig()
                    .setTolerableCheckpointFailureNumber(Integer.parseInt(given.getOrDefault("tolerate", "0")));
        }
        DataStream<Long> numbers = env.fromCollection(new Numbers(), Long.class).name("numbers").uid("numbers");
        build(kind, given, env, numbers);
        String name = given.getOrDefault("name", kind);
        if (given.containsKey("graph")) {
            write(env, name, given.get("graph"));
        } else {
            env.execute(name);
        }
    }

    private static void build(
            String kind, Map<String, String> given, StreamExecutionEnvironment env, DataStream<Long> numbers)
            throws ReflectiveOperationException {
        switch (kind) {
            case "not-serializable":
                Connection connection = new Connection();
                numbers.map(
                                new MapFunction<Long, Long>() {
                                    @Override
                                    public Long map(Long number) {
                                        return number + connection.port;
                                    }
                                })
                        .print();
                break;
            case "type-erased":
                numbers.map(number -> new Tuple2<>(number, 1)).print();
                break;
            case "generic-types":
                withoutGenericTypes(env);
                numbers.map(new ToParcel()).keyBy(new OfParcel()).print();
                break;
            case "no-pojo":
                numbers.map(new ToParcel()).keyBy(new OfParcel()).flatMap(new Drop<Parcel>()).print();
                break;
            case "null-key":
                numbers.keyBy(new NullKey()).flatMap(new Drop<Long>()).print();
                break;
            case "unstable-key":
                numbers.keyBy(new UnstableKey(), new GenericTypeInfo<>(Unstable.class))
                        .flatMap(new Counts("long", 1))
                        .print();
                break;
            case "window":
                numbers.keyBy(new ByLast()).window(windows()).reduce(new Sum()).print();
                break;
            case "async":
                AsyncDataStream.unorderedWait(numbers, new NeverAnswers(), 500, TimeUnit.MILLISECONDS).print();
                break;
            case "state":
                numbers.keyBy(new ByLast())
                        .flatMap(
                                new Counts(
                                        given.getOrDefault("type", "long"),
                                        Integer.parseInt(given.getOrDefault("size", "1"))))
                        .name("counts")
                        .uid(given.getOrDefault("uid", "counts"))
                        .print();
                break;
            case "no-key":
                numbers.keyBy(new ByLast()).flatMap(new Fails(kind, given)).print();
                break;
            case "shuffle":
                DataStream<Long> stream = numbers;
                for (int stage = Integer.parseInt(given.getOrDefault("stages", "1")); stage > 0; stage--) {
                    stream = stream.rebalance().map(new Same()).name("stage " + stage);
                }
                stream.flatMap(new Drop<Long>()).print();
                break;
            default:
                numbers.rebalance().flatMap(new Fails(kind, given)).name(kind).print();
        }
    }

    private static void withoutGenericTypes(StreamExecutionEnvironment env) throws ReflectiveOperationException {
        try {
            env.getConfig().getClass().getMethod("disableGenericTypes").invoke(env.getConfig());
        } catch (NoSuchMethodException newer) {
            Newer.withoutGenericTypes(env);
        }
    }

    /** What 1.9 does not have; a class of its own is not looked at there. */
    private static final class Newer {
        static void withoutGenericTypes(StreamExecutionEnvironment env) {
            Configuration settings = new Configuration();
            settings.setString("pipeline.generic-types", "false");
            env.configure(settings);
        }
    }

    /** Of five seconds: by the class of the time that this release has. */
    private static TumblingEventTimeWindows windows() {
        try {
            Method of = TumblingEventTimeWindows.class.getMethod("of", Duration.class);
            return (TumblingEventTimeWindows) of.invoke(null, Duration.ofSeconds(5));
        } catch (ReflectiveOperationException older) {
            return Old.windows();
        }
    }

    private static final class Old {
        static TumblingEventTimeWindows windows() {
            return TumblingEventTimeWindows.of(Time.seconds(5));
        }
    }

    /** The job's graph in a file, as a client would send it. */
    private static void write(StreamExecutionEnvironment env, String name, String file) throws Exception {
        Object plan = StreamExecutionEnvironment.class.getMethod("getStreamGraph").invoke(env);
        plan.getClass().getMethod("setJobName", String.class).invoke(plan, name);
        Object graph = plan.getClass().getMethod("getJobGraph").invoke(plan);
        try { // up to 1.9 every client has it wait for its slots
            graph.getClass().getMethod("setAllowQueuedScheduling", boolean.class).invoke(graph, true);
        } catch (NoSuchMethodException newer) {
            // it always does
        }
        try (ObjectOutputStream out = new ObjectOutputStream(new FileOutputStream(file))) {
            out.writeObject(graph);
        }
    }

    /** Statements, as a batch job if the first word is {@code batch}. */
    private static final class Sql {
        static void run(List<String> words) {
            boolean batch = words.get(0).equals("batch");
            EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance();
            TableEnvironment table =
                    TableEnvironment.create((batch ? settings.inBatchMode() : settings.inStreamingMode()).build());
            for (String statement : words.subList(batch ? 1 : 0, words.size())) {
                table.executeSql(statement);
            }
        }
    }

    /** Derives a TaskManager's memory from options that contradict each other, as Flink's start scripts do. */
    private static final class Sizes {
        static void derive() {
            Configuration settings = new Configuration();
            settings.setString("taskmanager.memory.process.size", "400m");
            TaskExecutorProcessUtils.processSpecFromConfig(settings);
        }
    }

    /** Fifty numbers a second, without end. */
    private static final class Numbers implements Iterator<Long>, Serializable {
        private long next;

        @Override
        public boolean hasNext() {
            return true;
        }

        @Override
        public Long next() {
            try {
                Thread.sleep(20);
            } catch (InterruptedException interrupt) {
                Thread.currentThread().interrupt();
            }
            return next++;
        }
    }

    private static final class Drop<T> implements FlatMapFunction<T, String> {
        @Override
        public void flatMap(T value, Collector<String> out) {}
    }

    private static final class Same implements MapFunction<Long, Long> {
        @Override
        public Long map(Long number) {
            return number;
        }
    }

    private static final class Sum implements ReduceFunction<Long> {
        @Override
        public Long reduce(Long one, Long other) {
            return one + other;
        }
    }

    private static final class ByLast implements KeySelector<Long, Long> {
        @Override
        public Long getKey(Long number) {
            return number % 10;
        }
    }

    private static final class NullKey implements KeySelector<Long, String> {
        @Override
        public String getKey(Long number) {
            return null;
        }
    }

    /** Something that cannot be serialized. */
    private static final class Connection {
        int port = 9000;
    }

    /** A key with the hash that every object has: another one for each copy. */
    public static final class Unstable implements Comparable<Unstable>, Serializable {
        @Override
        public int compareTo(Unstable other) {
            return 0;
        }
    }

    private static final class UnstableKey implements KeySelector<Long, Unstable> {
        @Override
        public Unstable getKey(Long number) {
            return new Unstable();
        }
    }

    /** No POJO: it has no constructor without arguments. */
    public static final class Parcel implements Serializable {
        public final long weight;

        public Parcel(long weight) {
            this.weight = weight;
        }
    }

    private static final class ToParcel implements MapFunction<Long, Parcel> {
        @Override
        public Parcel map(Long number) {
            return new Parcel(number);
        }
    }

    private static final class OfParcel implements KeySelector<Parcel, Long> {
        @Override
        public Long getKey(Parcel parcel) {
            return parcel.weight % 10;
        }
    }

    private static final class NeverAnswers implements AsyncFunction<Long, Long> {
        @Override
        public void asyncInvoke(Long number, ResultFuture<Long> result) {}
    }

    /** Something that a test takes out of the jar. */
    public static final class Part implements Serializable {
        public long number;
    }

    /** Keyed state of a type that is chosen, of so many bytes for each key. */
    private static final class Counts extends RichFlatMapFunction<Long, String> {
        private final String type;
        private final int size;
        private transient ValueState<Object> state;

        Counts(String type, int size) {
            this.type = type;
            this.size = size;
        }

        @Override
        @SuppressWarnings({"unchecked", "rawtypes"})
        public void flatMap(Long number, Collector<String> out) throws Exception {
            if (state == null) {
                TypeInformation info =
                        type.equals("long")
                                ? Types.LONG
                                : type.equals("text") ? Types.STRING : new GenericTypeInfo<>(Object.class);
                state = getRuntimeContext().getState(new ValueStateDescriptor<>("count", info));
            }
            if (state.value() == null) {
                state.update(first(number));
            }
        }

        private Object first(Long number) {
            if (type.equals("long")) {
                return number;
            }
            if (type.equals("text")) {
                char[] letters = new char[size];
                Arrays.fill(letters, 'x');
                return new String(letters);
            }
            Part part = new Part();
            part.number = number;
            return part;
        }
    }

    /** Does with the first record what its kind says. */
    private static final class Fails extends RichFlatMapFunction<Long, String> implements CheckpointedFunction {
        private final String kind;
        private final Map<String, String> given;
        private final byte[] ballast;
        private transient boolean closed;

        Fails(String kind, Map<String, String> given) {
            this.kind = kind;
            this.given = new HashMap<>(given);
            // It does not compress.
            ballast = new byte[Integer.parseInt(given.getOrDefault("ballast", "0"))];
            new Random(1).nextBytes(ballast);
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            ValueStateDescriptor<Long> count = new ValueStateDescriptor<>("count", Types.LONG);
            if (kind.equals("no-key")) {
                context.getKeyedStateStore().getState(count).value();
            } else if (kind.equals("not-keyed")) {
                getRuntimeContext().getState(count).value();
            }
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            if (kind.equals("snapshot")) {
                throw new IOException("no connection to warehouse:9000");
            }
        }

        @Override
        public void close() throws Exception {
            if (kind.equals("close") && !closed) {
                closed = true;
                throw new IOException("no connection to warehouse:9000");
            }
        }

        @Override
        public void flatMap(Long number, Collector<String> out) throws Exception {
            switch (kind) {
                case "heap":
                    keep(new byte[Integer.MAX_VALUE - 8]);
                    break;
                case "array":
                    keep(new byte[Integer.MAX_VALUE]);
                    break;
                case "direct":
                    keep(ByteBuffer.allocateDirect(1 << 30));
                    break;
                case "metaspace":
                    metaspace();
                    break;
                case "disk":
                    try (FileOutputStream full = new FileOutputStream("/dev/full")) {
                        full.write(1);
                    }
                    break;
                case "files":
                    files();
                    break;
                case "method":
                    // The RuntimeContext of 2.0 has it no more.
                    keep(getRuntimeContext().getIndexOfThisSubtask());
                    break;
                case "class":
                    keep(new Part());
                    break;
                case "leave":
                    System.getProperties().put(given.get("as") + ".part", new Part());
                    System.getProperties().put(given.get("as") + ".loader", Thread.currentThread().getContextClassLoader());
                    throw new IllegalStateException("it has left its part");
                case "cast":
                    keep((Part) System.getProperties().get(given.get("as") + ".part"));
                    break;
                case "loader":
                    keep(((ClassLoader) System.getProperties().get(given.get("as") + ".loader")).loadClass("FailingJob$Part"));
                    break;
                case "module":
                    Field field = java.util.zip.CRC32.class.getDeclaredField("crc");
                    field.setAccessible(true);
                    break;
                case "stubborn":
                    stubborn();
                    break;
                default:
            }
        }

        private static Object kept;

        private static void keep(Object value) {
            kept = value.getClass();
        }

        private static void stubborn() {
            long end = System.currentTimeMillis() + 120_000;
            while (System.currentTimeMillis() < end) {
                try {
                    Thread.sleep(1000);
                } catch (InterruptedException interrupt) {
                    // It does not care.
                }
            }
        }

        private static void files() throws IOException {
            List<Closeable> opened = new ArrayList<>();
            try {
                for (int at = 0; at < 100_000; at++) {
                    opened.add(new FileInputStream("/dev/null"));
                }
            } finally {
                for (Closeable one : opened) {
                    one.close();
                }
            }
        }

        /** Loads a class again and again, each time with a loader of its own. */
        private static void metaspace() throws Exception {
            byte[] code;
            try (InputStream in = FailingJob.class.getResourceAsStream("FailingJob$Part.class")) {
                byte[] buffer = new byte[100_000];
                int length = 0;
                for (int read; (read = in.read(buffer, length, buffer.length - length)) > 0; ) {
                    length += read;
                }
                code = Arrays.copyOf(buffer, length);
            }
            List<Object> loaders = new ArrayList<>();
            while (true) {
                loaders.add(new Loader(code));
            }
        }
    }

    private static final class Loader extends ClassLoader {
        Loader(byte[] code) {
            super(FailingJob.class.getClassLoader());
            defineClass("FailingJob$Part", code, 0, code.length);
        }
    }

    private FailingJob() {}
}
