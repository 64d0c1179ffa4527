import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.CopyableValue;

/**
 * One stage of a judged job, as its arguments describe it: {@code NAME | KIND key=value key=value}.
 *
 * <p>Shared by JudgedJob (Flink 1.x) and JudgedJob2 (2.x), so it uses only what both have.
 */
public final class JudgedStage implements Serializable {

    /** A record. The padding makes it about as large as a real one. */
    public static final class Event {
        public String key;
        public long time;
        public String padding;
    }

    public final String name;
    public final String kind;
    private final Map<String, String> given = new HashMap<>();

    JudgedStage(String text) {
        String[] parts = text.split("\\|", 2);
        name = parts[0].trim();
        String[] words = parts[1].trim().split("\\s+");
        kind = words[0];
        for (String word : Arrays.asList(words).subList(1, words.length)) {
            String[] pair = word.split("=", 2);
            given.put(pair[0], pair[1]);
        }
    }

    /** What other stages call this one in `from`. */
    String id() {
        return name.replace(' ', '_');
    }

    boolean has(String key) {
        return given.containsKey(key);
    }

    String text(String key, String otherwise) {
        return given.getOrDefault(key, otherwise);
    }

    double number(String key, double otherwise) {
        return has(key) ? Double.parseDouble(given.get(key)) : otherwise;
    }

    /** Whether a subtask is in the list `0+2` of this key. */
    boolean lists(String key, int subtask) {
        return has(key) && Arrays.asList(given.get(key).split("\\+")).contains(String.valueOf(subtask));
    }

    /** Whether something with these attempts or checkpoints, `2-4` or `3`, happens now. */
    boolean within(String key, long now) {
        if (!has(key)) {
            return true;
        }
        String[] ends = given.get(key).split("-");
        return now >= Long.parseLong(ends[0]) && now <= Long.parseLong(ends[ends.length - 1]);
    }

    /** Whether the file of `while` exists; without that key, what fails always does. */
    boolean isTime() {
        return !has("while") || new File(text("while", "")).exists();
    }

    String padding() {
        char[] dots = new char[(int) number("padding", 1000)];
        Arrays.fill(dots, '.');
        return new String(dots);
    }

    /** How many records a source, or one split of it, should have emitted after some seconds. */
    long due(double seconds) {
        double rate = number("rate", 500);
        double most = number("records", Long.MAX_VALUE);
        if (has("burst")) {
            double burst = number("burst", 5);
            double period = burst + number("rest", 20);
            double active = Math.floor(seconds / period) * burst + Math.min(burst, seconds % period);
            return (long) Math.min(most, active * rate);
        }
        if (has("grow")) {
            return (long) Math.min(Math.min(most, seconds * rate), available(seconds));
        }
        return (long) Math.min(most, seconds * rate);
    }

    /** How many records lie in what the source reads: a backlog, and what has come since. */
    double available(double seconds) {
        return number("backlog", 0) + number("grow", 0) * seconds;
    }

    /** Whether the record of this number is one that counts as an error, some seconds after the start. */
    boolean errs(long number, double seconds) {
        return has("errors")
                && number % (long) number("errors", 1) == 0
                && seconds < number("errors-until", Double.MAX_VALUE);
    }

    /** The next record of a subtask; event time is now, unless told otherwise. */
    Event event(int subtask, long number, long began, String padding) {
        Event event = new Event();
        long now = System.currentTimeMillis();
        boolean hot = number % 100 < number("hot", 0) * 100;
        // A stride that is coprime to the number of keys takes them all in turn.
        event.key = hot ? "key-0" : "key-" + (number * 7919 + subtask) % (long) number("keys", 1000);
        event.time = now;
        if (lists("frozen", subtask)) {
            event.time = Math.min(now, began + (long) (number("frozen-after", 20) * 1000));
        } else if (lists("dragging", subtask)) {
            event.time = began + (now - began) / 2;
        } else if (number % 100 < number("late", 0) * 100) {
            event.time = now - 60_000;
        }
        event.padding = padding;
        return event;
    }

    /** What this stage does in one subtask. */
    Conduct conduct() {
        return new Conduct(this);
    }

    /** What a stage does in one subtask when it starts, with each record and with each checkpoint. */
    static final class Conduct implements Serializable {
        /** Filled by `heap`; of the class, so that it stays when the function is gone. */
        private static final List<byte[]> HELD = new ArrayList<>();

        private static boolean full;

        private final JudgedStage stage;
        private transient int attempt;
        private transient boolean mine;
        private transient long opened;
        private transient double owed;
        private transient byte[] garbage;
        private transient long kept;

        Conduct(JudgedStage stage) {
            this.stage = stage;
        }

        void open(int subtask, int attempt) {
            this.attempt = attempt;
            opened = System.currentTimeMillis();
            mine =
                    (!stage.has("in") || stage.lists("in", subtask))
                            && (!stage.has("host")
                                    || stage.text("host", "").equals(System.getProperty("judged.host")));
            if (mine && stage.has("open")) {
                pause((long) (stage.number("open", 0) * 1000));
            }
        }

        /** Do with one record what this stage does. */
        void take(JudgedStage.Event event) throws Exception {
            if (!mine) {
                return;
            }
            double seconds = (System.currentTimeMillis() - opened) / 1000.0;
            if (stage.has("hang") && seconds >= stage.number("hang", 0)) {
                pause(Long.MAX_VALUE);
            }
            if (stage.has("fail")
                    && seconds >= stage.number("fail", 0)
                    && stage.within("attempts", attempt)
                    && stage.isTime()) {
                fail(event);
            }
            if (stage.has("heap") && seconds >= stage.number("heap-after", 0)) {
                fill(stage.number("heap", 0));
            }
            if (stage.has("garbage")) {
                garbage = new byte[(int) (stage.number("garbage", 0) * 1024)];
            }
            // Sleeping for less than some ms is inexact: what is owed is slept when it is worth it.
            owed += stage.number("ms", 0);
            if (owed >= 5) {
                long before = System.nanoTime();
                pause((long) owed);
                owed -= (System.nanoTime() - before) / 1e6;
            }
        }

        private void fail(JudgedStage.Event event) throws Exception {
            switch (stage.text("what", "illegal")) {
                case "io":
                    throw new IOException("broken pipe to warehouse:9000");
                case "number":
                    try {
                        Long.parseLong(event.key);
                    } catch (NumberFormatException cause) {
                        throw new RuntimeException("record cannot be parsed", cause);
                    }
                    break;
                default:
                    throw new IllegalStateException("no user of " + event.key);
            }
        }

        private static synchronized void fill(double share) {
            Runtime runtime = Runtime.getRuntime();
            while (!full) {
                if (runtime.totalMemory() - runtime.freeMemory() > share * runtime.maxMemory()) {
                    System.gc();
                    if (runtime.totalMemory() - runtime.freeMemory() > share * runtime.maxMemory()) {
                        full = true;
                        return;
                    }
                }
                HELD.add(new byte[100_000]);
            }
        }

        private void pause(long millis) {
            long end = millis == Long.MAX_VALUE ? millis : System.currentTimeMillis() + millis;
            // A stubborn stage ends later than it is asked to.
            long hurried = Long.MAX_VALUE;
            while (System.currentTimeMillis() < Math.min(end, hurried)) {
                long now = System.currentTimeMillis();
                try {
                    Thread.sleep(Math.min(Math.min(end, hurried) - now, 1_000_000));
                } catch (InterruptedException interrupt) {
                    if (!stage.has("stubborn")) {
                        Thread.currentThread().interrupt();
                        throw new IllegalStateException("interrupted", interrupt);
                    }
                    hurried = Math.min(hurried, now + (long) (stage.number("stubborn", 0) * 1000));
                }
            }
        }

        /** What goes into a checkpoint: it may take long to write, or fail. */
        Burden burden(long checkpoint) {
            Burden burden = new Burden();
            if (mine && stage.within("checkpoints", checkpoint)) {
                burden.millis = (long) (stage.number("write", 0) * 1000);
                burden.fails = stage.has("decline") && stage.isTime();
            }
            return burden;
        }

        /** Bytes that are kept of the next record. */
        int kept() {
            return mine && kept++ < stage.number("state-records", Long.MAX_VALUE)
                    ? (int) stage.number("state", 0)
                    : 0;
        }
    }

    /**
     * A piece of operator state. Flink writes it in the asynchronous part of a checkpoint, so that a write that
     * sleeps does not hold up records, and one that throws declines the checkpoint without failing the task.
     */
    public static final class Burden implements CopyableValue<Burden> {
        private long millis;
        private boolean fails;

        public Burden() {}

        @Override
        public int getBinaryLength() {
            return 1;
        }

        @Override
        public void copyTo(Burden target) {
            target.millis = millis;
            target.fails = fails;
        }

        @Override
        public Burden copy() {
            Burden copy = new Burden();
            copyTo(copy);
            return copy;
        }

        @Override
        public void copy(DataInputView source, DataOutputView target) throws IOException {
            target.writeByte(source.readByte());
        }

        @Override
        public void write(DataOutputView out) throws IOException {
            if (fails) {
                throw new IOException("bucket flink-state: access denied");
            }
            try {
                Thread.sleep(millis);
            } catch (InterruptedException interrupt) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", interrupt);
            }
            out.writeByte(0);
        }

        @Override
        public void read(DataInputView in) throws IOException {
            in.readByte();
        }
    }
}
