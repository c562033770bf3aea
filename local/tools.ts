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
  /** The release that istiod is of: `1.31`. */
  istioVersion: string;
  /** The folder of that release's charts. @default those in istioctl, which is of the same release */
  charts?: string;
  /** Files, or folders of files, that hold kwok's Stages: how its nodes and pods become ready. */
  kwokStages: string[];
  /** A folder for what istioctl has generated, which takes a second: the same program says the same. */
  manifests: string;
}
