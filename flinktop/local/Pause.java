// The slow step of the sample job "clicks": hands a text on after a pause, as a call to a slow service would.
// pause.jar is made from it, with any JDK of 17 or later and Flink's jars:
//   javac --release 17 -cp "$(python -c 'import pyflink; print(pyflink.__path__[0])')/lib/*" -d build Pause.java
//   jar --create --file pause.jar --date 2026-01-01T00:00:00Z -C build flinktop
package flinktop;

import org.apache.flink.table.functions.ScalarFunction;

public class Pause extends ScalarFunction {
    public String eval(String text, Integer milliseconds) throws InterruptedException {
        Thread.sleep(milliseconds);
        return text;
    }

    /** Never computed at planning time. */
    @Override
    public boolean isDeterministic() {
        return false;
    }
}
