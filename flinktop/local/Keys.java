// Makes the key and the certificate of one `flinktop local` (keys.py says what they are for), in the directory that
// it is given, with the password in its file `password`: keystore.p12 for Flink, key.pem and cert.pem for flinktop.
// keys.jar is made of it, with any JDK of 17 or later:
//   javac --release 17 -d build Keys.java
//   jar --create --file keys.jar --date 2026-01-01T00:00:00Z --main-class flinktop.Keys -C build flinktop
package flinktop;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;

public final class Keys {
    private static final String NAME = "flinktop";

    public static void main(String[] words) throws Exception {
        Path directory = Path.of(words[0]);
        File store = directory.resolve("keystore.p12").toFile();
        String password = Files.readString(directory.resolve("password"));
        // Java has no other means to make a certificate. keytool's class is in java.base of every runtime, also where
        // the program bin/keytool was left out; called here, the password is in no command line.
        Class.forName("sun.security.tools.keytool.Main").getMethod("main", String[].class).invoke(null, (Object)
                new String[] {
                    "-genkeypair", "-alias", NAME, "-dname", "CN=flinktop local", "-ext", "SAN=IP:127.0.0.1",
                    "-keyalg", "EC", "-groupname", "secp256r1", "-startdate", "-1d", "-validity", "3650",
                    "-storetype", "PKCS12", "-keystore", store.getPath(), "-storepass", password,
                });
        KeyStore keys = KeyStore.getInstance(store, password.toCharArray());
        write(directory.resolve("key.pem"), "PRIVATE KEY", keys.getKey(NAME, password.toCharArray()).getEncoded());
        write(directory.resolve("cert.pem"), "CERTIFICATE", keys.getCertificate(NAME).getEncoded());
    }

    private static void write(Path file, String what, byte[] content) throws IOException {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(file, "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n");
    }

    private Keys() {}
}
