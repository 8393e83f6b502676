import CubeTypes
import Testing

@testable import CubeCore

struct LocalImageTests {
    @Test(arguments: [
        ("nginx", "docker.io/library/nginx:latest"), ("docker.io/nginx:1", "docker.io/library/nginx:1"),
        ("index.docker.io/library/nginx:1", "docker.io/library/nginx:1"), ("me/app:1", "docker.io/me/app:1"),
        ("localhost/app:1", "localhost/app:1"), ("localhost:5000/app", "localhost:5000/app:latest"),
        ("ghcr.io/a/b:2@sha256:ab", "ghcr.io/a/b@sha256:ab"),
    ])
    func `The canonical form of a reference has everything that may be left out`(text: String, canonical: String) {
        #expect(ImageReference(text).canonical == canonical)
        #expect(ImageReference(canonical).canonical == canonical)
    }

    @Test func `The digest of an image is that of the registry of its reference, or its ID if no registry has it`() {
        let image = LocalImage(
            id: "sha256:1d", digests: ["ghcr.io/web@sha256:aa", "docker.io/library/web@sha256:bb"])
        #expect(image.digest(for: ImageReference("web:1")) == "sha256:bb")
        #expect(image.digest(for: ImageReference("ghcr.io/web:1")) == "sha256:aa")
        #expect(image.digest(for: ImageReference("web@sha256:aa")) == "sha256:aa")
        #expect(image.digest(for: ImageReference("quay.io/web:1")) == "sha256:aa", "Any digest is better than the ID.")
        #expect(LocalImage(id: "sha256:1d").digest(for: ImageReference("web:1")) == "sha256:1d")
    }

    @Test func `A tag has moved if it names another image than the one that runs, and a digest never moves`() {
        let images = LocalImages([
            LocalImage(id: "sha256:new", tags: ["web:1"], digests: ["web@sha256:bb"]),
            LocalImage(id: "sha256:old", digests: ["web@sha256:aa"]),
        ])
        #expect(images.moved(ImageReference("docker.io/library/web:1"), from: "sha256:old") == "sha256:bb")
        #expect(images.moved(ImageReference("web:1"), from: "sha256:new") == nil)
        #expect(images.moved(ImageReference("web:2"), from: "sha256:old") == nil, "Nothing has the tag any more.")
        #expect(images.moved(ImageReference("web@sha256:aa"), from: "sha256:old") == nil)
    }
}

struct PullDecisionTests {
    private func decision(
        _ policy: ImagePull.Policy, run: Int = 1, isPresent: Bool? = nil, isPulled: Bool = false
    ) -> PullDecision {
        let definition = TaskDefinition(
            name: WorkloadName(rawValue: "web")!, image: "web:1", pull: ImagePull(policy: policy))
        return PullDecision(for: definition, run: run, isPresent: isPresent, isPulled: isPulled)
    }

    @Test func `A missing image is pulled, unless the policy forbids it`() {
        for policy in [ImagePull.Policy.missing, .always, "newer-than-this-version"] {
            #expect(decision(policy, isPresent: false) == .pull(isRefresh: false))
            #expect(decision(policy, run: 2, isPresent: false, isPulled: true) == .pull(isRefresh: false))
        }
        #expect(decision(.missing) == .use && decision(.never) == .use)
        #expect(
            decision(.never, isPresent: false)
                == .refuse("image web:1 is not on this node, and pull.policy is \"never\""))
    }

    @Test func `The policy "always" pulls before the first start of a placement, and never before a restart`() {
        #expect(decision(.always) == .pull(isRefresh: true))
        #expect(decision(.always, isPulled: true) == .use)
        #expect(decision(.always, run: 2) == .use)
    }
}

struct PullProgressTests {
    @Test func `The progress counts layers and their bytes, and ignores messages about anything else`() {
        var progress = PullProgress()
        #expect(progress.text == nil)
        progress.take(id: "1.27", status: "Pulling from library/nginx", current: nil, total: nil)
        #expect(progress.text == nil)
        for layer in ["a", "b", "c"] { progress.take(id: layer, status: "Pulling fs layer", current: nil, total: nil) }
        progress.take(id: "c", status: "Already exists", current: nil, total: nil)
        #expect(progress.text == "1 of 3 layers")
        progress.take(id: "a", status: "Downloading", current: 1 << 20, total: 4 << 20)
        progress.take(id: "b", status: "Downloading", current: 512 << 10, total: 3 << 20)
        #expect(progress.text == "1 of 3 layers, 1.5 of 7.0 MiB")
        progress.take(id: "b", status: "Download complete", current: nil, total: nil)
        progress.take(id: "b", status: "Extracting", current: 1, total: 3 << 20)
        #expect(progress.text == "2 of 3 layers, 4.0 of 7.0 MiB")
        progress.take(id: nil, status: "Digest: sha256:ab", current: nil, total: nil)
        #expect(progress.text == "2 of 3 layers, 4.0 of 7.0 MiB")
    }

    @Test func `A size that a registry claims is no more than a size can be`() {
        var progress = PullProgress()
        progress.take(id: "a", status: "Downloading", current: .min, total: .max)
        progress.take(id: "b", status: "Downloading", current: .max, total: .max)
        #expect(progress.text == "0 of 2 layers, 268435456.0 of 536870912.0 MiB")
    }
}
