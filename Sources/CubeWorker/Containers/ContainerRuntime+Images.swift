import CubeCore
import CubeErrors
import CubeTypes
import Synchronization

extension ContainerRuntime {
    func pull(for definition: TaskDefinition) async throws {
        try await pulls.pull(
            definition.image ?? "", with: engine, credentials: try credentials(of: definition), logger)
    }

    func pullProgress(of image: String) -> String? { pulls.progress(of: image) }

    /// Returns the credentials that a task names for its registry; `nil` if it names none.
    ///
    /// - Throws: `StartRefusal`.
    private func credentials(of definition: TaskDefinition) throws(StartRefusal) -> RegistryCredentials.Login? {
        guard let name = definition.pull.auth else { return nil }
        let bytes = try secrets.content(of: ContentSource(name))
        guard var login = RegistryCredentials.Login(secret: String(decoding: bytes, as: UTF8.self)) else {
            throw StartRefusal(
                description: "pull.auth: the content of \"\(name)\" is not USER:PASSWORD, or the same in Base64")
        }
        login.server = ImageReference(definition.image ?? "").registry
        return login
    }

    /// Returns what the engine knows of the image of a container.
    func details(of container: EngineContainer) async throws -> RunDetails {
        guard let id = container.image else { return RunDetails() }
        let reference = ImageReference(container.reference)
        do {
            let image = try await watchedImages.image(id)
            var details = RunDetails(image: image?.digest(for: reference) ?? id)
            // The list may be older than the container, so only the engine itself can say that the reference names another image.
            if watchedImages.images.moved(reference, from: id) != nil,
                let named = try await engine.image(container.reference)
            {
                details.movedTo = LocalImages([named]).moved(reference, from: id)
            }
            return details
        } catch EngineError.refused {
            // The image is of no importance to the run.
            return RunDetails(image: id)
        }
    }

    /// Wakes the tasks for whose references the images of the engine have another meaning now.
    func imagesChanged(from former: LocalImages, to now: LocalImages) {
        for (run, container) in live.withLock({ $0 }) {
            guard let id = container.image, case let reference = ImageReference(container.reference),
                former.moved(reference, from: id) != now.moved(reference, from: id)
            else { continue }
            watch.ring(ContainerSpec.name(of: run))
        }
    }
}
