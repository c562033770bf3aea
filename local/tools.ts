/**
 * The programs that the embedded mesh runs. Each is a command: the absolute path of an executable,
 * followed by leading arguments where one binary holds several programs.
 */
export interface Tools {
  etcd: string[];
  kubeApiserver: string[];
  kubeControllerManager: string[];
  kubeScheduler: string[];
  kwok: string[];
  istiod: string[];
  istioctl: string[];
  /** Files, or folders of files, that hold kwok's Stages: how its nodes and pods become ready. */
  kwokStages: string[];
  /** A folder for what istioctl has generated, which takes a second: the same program says the same. */
  manifests: string;
}
