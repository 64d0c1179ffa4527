// Runs the SQL statements that are its arguments, one after the other; the last one starts the job. The sample
// jobs of `flinktop local` are run by it (samples.py). samples.jar is made of it and of Pause.java, with any JDK of
// 17 or later and Flink's jars:
//   javac --release 17 -cp "$(python -c 'import pyflink; print(pyflink.__path__[0])')/lib/*" -d build *.java
//   jar --create --file samples.jar --date 2026-01-01T00:00:00Z --main-class flinktop.Samples -C build flinktop
package flinktop;

import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

public final class Samples {
    public static void main(String[] statements) {
        if (statements.length == 0) {
            throw new IllegalArgumentException("Its arguments are SQL statements, the last one an INSERT.");
        }
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        for (String statement : statements) {
            tables.executeSql(statement);
        }
    }

    private Samples() {}
}
