# Seals a cloud image with the qemu builder.
#
#   packer init examples/qemu.pkr.hcl
#   packer build -var ssh_private_key_file=~/.ssh/id_ed25519 examples/qemu.pkr.hcl

packer {
  required_plugins {
    leaven = {
      version = ">= 0.1.0"
      source  = "github.com/leaven-dev/leaven"
    }
    qemu = {
      version = ">= 1.0.9"
      source  = "github.com/hashicorp/qemu"
    }
  }
}

variable "image" {
  type        = string
  default     = "debian-12-genericcloud-amd64.qcow2"
  description = "A cloud image of your distribution, and below its checksum."
}

variable "image_checksum" {
  type    = string
  default = "none"
}

variable "ssh_private_key_file" {
  type        = string
  description = "Its public half lies beside it, with .pub at the end."
}

source "qemu" "cloud" {
  disk_image       = true
  iso_url          = var.image
  iso_checksum     = var.image_checksum
  format           = "qcow2"
  disk_size        = "10G"
  accelerator      = "kvm"
  headless         = true
  output_directory = "golden"
  vm_name          = "golden.qcow2"

  # cloud-init reads the login key from a small disk beside the image.
  cd_label = "cidata"
  cd_content = {
    "meta-data" = ""
    "user-data" = "#cloud-config\nssh_authorized_keys:\n  - ${try(trimspace(file("${var.ssh_private_key_file}.pub")), "")}\n"
  }

  ssh_username         = "debian"
  ssh_private_key_file = var.ssh_private_key_file
  shutdown_command     = "sudo -n systemctl poweroff" # a clean one: the last stage of sealing runs in it
}

build {
  sources = ["source.qemu.cloud"]

  # First of all: remember what the image holds, so that the audit can tell what the build brought along.
  provisioner "leaven" {
    baseline = "take"
  }

  provisioner "shell" {
    inline = ["sudo apt-get update", "sudo apt-get install --yes nginx"]
  }

  # Last of all: whatever runs after it makes the image dirty again.
  provisioner "leaven" {
    baseline  = "use"
    overwrite = true # what is only deleted stays in free blocks
    report    = "seal-report.json"

    rules = {
      user-crontabs = "on"
    }
  }
}
