import java.io.FileOutputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Method;

/**
 * Programs that are odd as programs: one whose main() takes long and throws, one that writes a job graph.
 *
 * <p>Flink is reached by reflection alone, so that one jar runs on every release from 1.9 to 2.3.
 */
public final class TestMain {

    public static void main(String[] words) throws Exception {
        if (words[0].equals("graph")) {
            graph(words[1]);
            return;
        }
        Thread.sleep(Long.parseLong(words[1]) * 1000);
        throw new IllegalStateException("it slept for " + words[1] + " s, and has no job [red]");
    }

    /** Serializes the graph of a job that counts to ten. */
    private static void graph(String file) throws Exception {
        Class<?> environments = Class.forName("org.apache.flink.streaming.api.environment.StreamExecutionEnvironment");
        Object environment = environments.getMethod("getExecutionEnvironment").invoke(null);
        Method sequence;
        try {
            sequence = environments.getMethod("fromSequence", long.class, long.class);
        } catch (NoSuchMethodException older) { // up to 1.10
            sequence = environments.getMethod("generateSequence", long.class, long.class);
        }
        Object numbers = sequence.invoke(environment, 1L, 10L);
        Class.forName("org.apache.flink.streaming.api.datastream.DataStream").getMethod("print").invoke(numbers);
        Object plan = environments.getMethod("getStreamGraph").invoke(environment);
        plan.getClass().getMethod("setJobName", String.class).invoke(plan, "from a graph [v1]");
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

    private TestMain() {}
}
