// The slow step of the sample job "clicks": hands a text on after a pause, as a call to a slow service would.
// It is in samples.jar; Samples.java says how that is made.
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
