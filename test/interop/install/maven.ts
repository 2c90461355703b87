import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../recipe.ts";
import { PeerUnavailable, run } from "./command.ts";

const MINIMUM_JAVA = 17;

/** Says in one line what to install when Java or Maven is absent or too old. */
const requireJava = async (folder: string): Promise<void> => {
  const wanted = `Java ${MINIMUM_JAVA} or newer and Maven are needed for this peer (Debian: openjdk-17-jre-headless, maven)`;
  const version = await run("mvn", ["--version", "--batch-mode"], { cwd: folder }).catch((cause: unknown) => {
    throw new PeerUnavailable(wanted, { cause });
  });
  const major = Number(/Java version: (\d+)/.exec(version)?.[1]);
  if (!(major >= MINIMUM_JAVA)) throw new PeerUnavailable(`${wanted}; found Java ${major}`);
};

const pom = (
  group: string,
  artifact: string,
  version: string,
): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice.test</groupId><artifactId>peer</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;

/** The artifact and all that it needs, as jars in `<folder>/lib`. */
export const copyMavenJars = async (
  { group, artifact }: Extract<Recipe, { kind: "maven" }>,
  version: string,
  folder: string,
): Promise<void> => {
  await requireJava(folder);
  const work = join(folder, "module");
  await mkdir(work);
  await writeFile(join(work, "pom.xml"), pom(group, artifact, version));
  const lib = join(folder, "lib");
  const args = ["dependency:copy-dependencies", `-DoutputDirectory=${lib}`, "-DincludeScope=runtime"];
  await run("mvn", ["--batch-mode", "--quiet", ...args], { cwd: work });
  await rm(work, { recursive: true });
};
