import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Ruler;

/** Reads pairs of lines, an event and a rule's pattern, and says for each whether AWS's matcher lets it through. */
public class Judge {
  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String event = lines.readLine(); event != null; event = lines.readLine()) {
      System.out.println(Ruler.matchesRule(event, lines.readLine()));
    }
  }
}
