import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * Runs the SQL statements it is given, one after the other; `key=value` before them sets an option.
 *
 * <p>SQL has nothing that waits or that fails now and then, so two functions come with it.
 */
public final class TestSql {

    /** slow(value, millis): the value, a little later. */
    public static final class Slow extends ScalarFunction {
        public Long eval(Long value, Integer millis) throws InterruptedException {
            Thread.sleep(millis);
            return value;
        }

        @Override
        public boolean isDeterministic() {
            return false;
        }
    }

    /** risky(value, seconds): the value, until so many seconds after the start; then it fails. */
    public static final class Risky extends ScalarFunction {
        private transient long since;

        @Override
        public void open(FunctionContext context) {
            since = System.nanoTime();
        }

        public Long eval(Long value, Integer seconds) {
            if (System.nanoTime() - since > seconds * 1_000_000_000L) {
                try {
                    Integer.parseInt("twelve [red]");
                } catch (NumberFormatException cause) {
                    throw new IllegalStateException("cannot read amount of \"" + value + "\" [bold]壊れた[/]", cause);
                }
            }
            return value;
        }

        @Override
        public boolean isDeterministic() {
            return false;
        }
    }

    public static void main(String[] words) {
        Map<String, String> options = new HashMap<>();
        TableEnvironment table = null;
        for (String given : words) {
            String word = given;
            if (word.startsWith("base64:")) { // a query parameter can't hold a comma
                word = new String(Base64.getDecoder().decode(word.substring(7)), StandardCharsets.UTF_8);
            }
            int equals = word.indexOf('=');
            if (table == null && equals > 0 && word.substring(0, equals).matches("[a-z.-]+")) {
                options.put(word.substring(0, equals), word.substring(equals + 1));
                continue;
            }
            if (table == null) {
                Configuration configuration = Configuration.fromMap(options);
                table = TableEnvironment.create(
                        EnvironmentSettings.newInstance().withConfiguration(configuration).build());
                table.executeSql("CREATE TEMPORARY SYSTEM FUNCTION slow AS 'TestSql$Slow'");
                table.executeSql("CREATE TEMPORARY SYSTEM FUNCTION risky AS 'TestSql$Risky'");
            }
            table.executeSql(word);
        }
    }

    private TestSql() {}
}
